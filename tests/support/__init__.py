"""What tests of many rooms stand on: the command line, real peers, a look at what was left."""
