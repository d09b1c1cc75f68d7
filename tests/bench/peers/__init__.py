"""Our server beside other servers of the same data: the same requests, the same load, one after the other."""
