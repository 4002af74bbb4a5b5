"""What tests of many rooms stand on: the command line as a process, real peers, and a look at what was left behind."""
