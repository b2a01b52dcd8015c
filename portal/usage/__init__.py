"""Who used which key where: traces of calls, the installations discovered from them, and claims to data spaces."""
