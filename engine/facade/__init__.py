"""The verbs of `engine.engine.Engine`, by subject: each file is what can be done with one kind of thing."""
