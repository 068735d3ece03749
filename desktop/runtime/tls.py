"""TLS with the certificates that this computer trusts."""

import ssl


def system_ssl_context() -> ssl.SSLContext:
    """Return an SSL context for https that uses the system's certificate store.

    The OpenSSL in the packaged app would look for certificates in the folders of the build machine.
    """
    import truststore  # imported late: it takes 0.2 s, and few starts open a connection

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
