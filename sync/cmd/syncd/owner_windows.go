package main

// ownerOnly: on Windows a file has the rights of its folder.
func ownerOnly() {}
