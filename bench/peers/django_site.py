"""Two peers in one Django site: djangorestframework-api-key, and the token introspection of django-oauth-toolkit.

    PEERS_FOLDER=DIR python django_site.py [KEYS]      makes the database, and a file with a request for each key
    PEERS_FOLDER=DIR granian --interface wsgi django_site:application

The settings are those of `django-admin startproject`, without DEBUG; the views are as the packages document them.
With PEERS_TUNED=yes everything is left out that these two views can do without, and the connection is kept.
"""

import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application

FOLDER = Path(os.environ["PEERS_FOLDER"])
KEYS = 1000

TUNED = "PEERS_TUNED" in os.environ

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
REST_TUNED = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}
DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / "django.sqlite3"}
DATABASE_TUNED = {
    "CONN_MAX_AGE": None,
    "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"},
}

settings.configure(
    SECRET_KEY="for measuring only",  # noqa: S106
    DEBUG=False,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    MIDDLEWARE=[] if TUNED else MIDDLEWARE,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "rest_framework",
        "rest_framework_api_key",
        "oauth2_provider",
    ],
    DATABASES={"default": DATABASE | (DATABASE_TUNED if TUNED else {})},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    OAUTH2_PROVIDER={"SCOPES": {"search": "Search", "introspection": "Ask about tokens"}},
    REST_FRAMEWORK=REST_TUNED if TUNED else {},
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402 - Django's models want its settings first
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from oauth2_provider.models import AccessToken, Application  # noqa: E402
from oauth2_provider.views import IntrospectTokenView  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402
from rest_framework_api_key.models import APIKey  # noqa: E402
from rest_framework_api_key.permissions import HasAPIKey  # noqa: E402


class Check(APIView):
    """Whose key this is and what it may do: the name of a key says both, as "owner scope"."""

    permission_classes = (HasAPIKey,)

    def get(self, request: Any) -> Response:
        # As the package's documentation finds the key in a view that its permission class let in.
        key = request.META["HTTP_AUTHORIZATION"].split()[1]
        owner, scope = APIKey.objects.get_from_key(key).name.split()
        return Response({"owner": owner, "scope": scope})


urlpatterns = [path("check", Check.as_view()), path("introspect", IntrospectTokenView.as_view())]
application = get_wsgi_application()


def make(keys: int) -> None:
    """The database with that many keys and tokens, and what asks for each of them."""
    call_command("migrate", verbosity=0)
    with transaction.atomic():
        (FOLDER / "django-api-key.json").write_text(json.dumps([_by_api_key(number) for number in range(keys)]))
        (FOLDER / "django-oauth.json").write_text(json.dumps(_by_introspection(keys)))


def _by_api_key(number: int) -> dict[str, Any]:
    _row, key = APIKey.objects.create_key(name=f"MAG{number:09} search")
    return {"method": "GET", "path": "/check", "headers": {"Authorization": f"Api-Key {key}"}}


def _by_introspection(keys: int) -> list[dict[str, Any]]:
    asker = _token("asker", "introspection")
    return [
        {
            "method": "POST",
            "path": "/introspect",
            "headers": {"Authorization": f"Bearer {asker}", "Content-Type": "application/x-www-form-urlencoded"},
            "body": f"token={_token(f'MAG{number:09}', 'search')}",
        }
        for number in range(keys)
    ]


def _token(name: str, scope: str) -> str:
    user = User.objects.create(username=name)
    client = Application.objects.create(
        user=user,
        name=name,
        client_type=Application.CLIENT_PUBLIC,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        hash_client_secret=False,  # hashing it takes half a second, and is not asked for here
    )
    ends = timezone.now() + timedelta(days=30)
    made = AccessToken(user=user, application=client, token=os.urandom(24).hex(), expires=ends, scope=scope)
    made.save()
    return made.token


if __name__ == "__main__":
    make(int(sys.argv[1]) if len(sys.argv) > 1 else KEYS)
