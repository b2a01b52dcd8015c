"""What to do about each thing that a shop would stumble over."""

from portal.verifier.paste import Finding

# By the fixed sentences of the connector (connector-protocol.md, 4).
REFUSALS = {
    "Client ID is invalid": "It knows no key pair in service with this API key: "
    "it is another one, or was ended. Compare it with the key list.",
    "JWT is invalid": "This private key does not belong to this API key. Often it is the one of the other environment: "
    "try the other file. If both are right, look at the clock of this machine.",
}

CURES = {
    Finding.API_KEY_SPACES: "There are spaces or line breaks in the API key. Take them out.",
    Finding.API_KEY_CASE: "API keys are written in small letters.",
    Finding.API_KEY_FORM: "This is no API key: one has 32 characters, figures and the letters a to f.",
    Finding.NOT_A_KEY: "The file holds no private key. One begins with -----BEGIN PRIVATE KEY-----.",
    Finding.PUBLIC_KEY: "This is the public key. The shop needs the private key, the other file.",
    Finding.CERTIFICATE: "This is a certificate. The private key that belongs to it is another file.",
    Finding.CERTIFICATE_REQUEST: "This is a certificate request. The private key that belongs to it is another file.",
    Finding.SSH_KEY: "This is a key for SSH. Better make a pair for the shop alone; "
    "else convert a copy of the file: ssh-keygen -p -m PKCS8 -f copy-of-this-file",
    Finding.ENCRYPTED: "It is locked with a passphrase, which the shop cannot ask for. "
    "Save it without one: openssl pkey -in locked.pem -out private-key.pem "
    "This command opens it with the passphrase that you type, or with --passphrase-file FILE.",
    Finding.WRONG_PASSPHRASE: "This passphrase does not open it, or the file is damaged.",
    Finding.OTHER_LOCK: "This lock cannot be opened here. "
    "OpenSSL can: openssl pkey -in locked.pem -out private-key.pem",
    Finding.OTHER_FORMAT: "The shop does not read this format. "
    "Convert it: openssl pkey -in this-file -out private-key.pem",
    Finding.SEVERAL: "There is more than one key or certificate in the file. Keep the private key only.",
    Finding.EMPTY: "The file is empty.",
    Finding.TOO_LARGE: "The file is larger than 64 kB. No private key is.",
    Finding.CONTAINER: "This is a key store. Take the private key out of it: "
    "openssl pkcs12 -in this-file -nocerts -nodes -out private-key.pem "
    "(a JKS first becomes one: keytool -importkeystore -srckeystore this-file -destkeystore new.p12 "
    "-deststoretype PKCS12)",
    Finding.BINARY: "This file is binary, and a shop reads text. If it is a private key, convert it: "
    "openssl pkey -inform DER -in this-file -out private-key.pem",
    Finding.ENCODING: "The file is not plain text: it is UTF-16, or has a byte order mark, as Windows writes it. "
    "Save it as UTF-8 without BOM.",
    Finding.NO_BEGIN: "The BEGIN line is missing.",
    Finding.NO_END: "The END line is missing; look whether anything before it was cut off.",
    Finding.ONE_LINE: "The lines have run together. The shop needs the line breaks.",
    Finding.INDENTED: "Some lines begin with spaces. Every line has to begin at the margin.",
    Finding.ESCAPED: "The line breaks stand in it as \\n. The shop needs real ones.",
    Finding.BROKEN: "Part of the key is missing or changed. Take it from where it was made again.",
    Finding.NOT_RSA: "This is no RSA key. The services verify RSA signatures only.",
    Finding.TOO_SHORT: "This key has fewer than 2048 bits. Make a new pair.",
}
