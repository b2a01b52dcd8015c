"""The door for the vendor's services: may this call pass? Plain WSGI ahead of Flask, answering from memory."""
