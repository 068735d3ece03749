"""Whom a connection trusts: whom this computer trusts."""

import ssl


def system_ssl_context() -> ssl.SSLContext:
    """A context for https. The packaged app's own OpenSSL would look where the machine that built it keeps certificates."""
    import truststore  # not sooner: 0.2 s, and few starts connect to anything

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
