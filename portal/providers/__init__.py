"""Identity providers of tenants: who an OpenID Connect provider says somebody is, and what that is worth here."""
