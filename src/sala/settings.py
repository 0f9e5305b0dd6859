"""Which parts make up this installation, and where it reads and writes: Django's settings, from the environment alone."""

import os
import secrets
import sys
import tempfile
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.utils.functional import SimpleLazyObject

PACKAGE = Path(__file__).resolve().parent
COUNTRIES = PACKAGE / "countries"
TESTING = "pytest" in sys.modules
# Tests never touch the caller's hall.
HOME = Path(
    tempfile.mkdtemp(prefix="sala-tests-") if TESTING else os.environ.get("SALA_HOME", "var")
).resolve()


def _secret() -> str:
    """The server's secret: from SALA_SECRET_FILE, else made once in SALA_HOME (mode 600), never in the checkout."""
    path = secret_files()[0]
    if TESTING and not path.exists():
        return "only-for-tests-" + "0" * 50
    if not path.exists():
        HOME.mkdir(parents=True, exist_ok=True, mode=0o700)  # `parents=True` below would leave it open to all
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)  # whole or not at all
        except FileExistsError:
            pass  # another process was first; read what it wrote
        finally:
            draft.unlink()
    return path.read_text().strip()


def secret_files() -> tuple[Path, Path]:
    """The server's secret, and the file of former ones beside it (see `_former`)."""
    path = Path(os.environ.get("SALA_SECRET_FILE", HOME / "keys" / "secret"))
    return path, path.with_name(f"{path.name}.former")


def _former(*uses: str) -> list[str]:
    """Former secrets, newest first, a line each: ``signs SECRET`` (still good for sessions) or ``opens SECRET`` (leaked).

    Both go on opening what was made with them and lasts longer: residents' codes, second factors.
    """
    path = secret_files()[1]
    lines = path.read_text().splitlines() if path.is_file() else []
    return [line.split(" ", 1)[1] for line in lines if line.split(" ", 1)[0] in uses]


_DATABASE_FORM = "Write postgresql://user:password@host:5432/name, or leave it empty for SQLite in SALA_HOME."


def _database() -> dict[str, object]:
    """Django's DATABASES entry for SALA_DATABASE_URL; SQLite in SALA_HOME when it is not set."""
    url = os.environ.get("SALA_DATABASE_URL", "")
    if not url:
        return {
            "ENGINE": "sala.kit.sqlite",
            "NAME": HOME / "sala.sqlite3",
            "CONN_MAX_AGE": None,
            # In memory; the name of a process that runs tests is put at the end.
            "TEST": {"NAME": "file:tests?mode=memory&cache=shared&of="},
            "OPTIONS": {
                # With deferred transactions concurrent writers fail; NORMAL may lose acknowledged commits.
                "transaction_mode": "IMMEDIATE",
                # Seconds to wait for another writer; a desk waits with it.
                "timeout": 5,
                # 16 MB of pages each connection: with the usual 2 MB a step on thousands of rows writes its pages twice.
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-16384;"
                ),
            },
        }
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SystemExit(f"SALA_DATABASE_URL can't be read: {error}. {_DATABASE_FORM}") from None
    if parts.scheme not in ("postgresql", "postgres"):
        raise SystemExit(f"SALA_DATABASE_URL: unknown kind of database {parts.scheme!r}. {_DATABASE_FORM}")
    if not parts.path.strip("/"):
        raise SystemExit(f"SALA_DATABASE_URL names no database. {_DATABASE_FORM}")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or "") or dict(parse_qsl(parts.query)).get("host", ""),
        "PORT": str(port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            # A server that is away, or a row that somebody else holds, is told within seconds: the desk waits with it.
            "connect_timeout": 5,
            "tcp_user_timeout": 10_000,
            "options": "-c lock_timeout=5s",
        },
    }


SECRET_KEY = SimpleLazyObject(_secret)  # `sala --help` needs none, and makes none
SECRET_KEY_FALLBACKS = SimpleLazyObject(lambda: _former("signs"))
SECRET_FILES = secret_files()
FORMER_SECRETS = SimpleLazyObject(lambda: _former("signs", "opens"))
DEBUG = False
PUBLIC_URL = os.environ.get("SALA_PUBLIC_URL", "").rstrip("/")
BIND = os.environ.get("SALA_BIND", "127.0.0.1:8000")
ALLOWED_HOSTS = (
    [urlsplit(PUBLIC_URL).hostname or "", "127.0.0.1", "localhost", "[::1]"]
    if PUBLIC_URL
    else ["127.0.0.1", "localhost", "[::1]", *(["testserver"] if TESTING else [])]
)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
# Whose X-Forwarded-For is believed. Sala speaks no TLS itself: behind https:// there is a proxy, by default on this machine.
_PROXIES = "127.0.0.1/32,::1/128" if PUBLIC_URL.startswith("https://") else ""
PROXIES = [each.strip() for each in os.environ.get("SALA_PROXIES", _PROXIES).split(",") if each.strip()]

# High to low, as the floors of the house; Django loads templates and translations in this order too.
INSTALLED_APPS = [
    "sala.shell",
    "sala.window",
    "sala.counter",
    "sala.measures",
    "sala.accounts",
    "sala.offices",
    "sala.places",
    "sala.ledger",
    "sala.notices",
    "sala.files",
    "sala.jobs",
    "sala.numbers",
    "sala.installation",
    "sala.ui",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "axes",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]

MIDDLEWARE = [
    "sala.kit.tracing.TracingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "sala.kit.compression.CompressionMiddleware",
    "sala.kit.privacy.PrivacyMiddleware",
    "sala.kit.bounds.BoundsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "sala.kit.language.LanguageMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "sala.accounts.middleware.ActingMiddleware",
    "sala.kit.messages.MessagesMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "sala.kit.policy.PolicyMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
    "sala.shell.problems.ProblemMiddleware",
]

ROOT_URLCONF = "sala.shell.urls"
WSGI_APPLICATION = "sala.shell.wsgi.application"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": _database()}
MIGRATION_MODULES: dict[str, str] = {}

TEMPLATES = [
    {
        "BACKEND": "sala.ui.jinja.Engine",
        "APP_DIRS": True,
        "OPTIONS": {
            "environment": "sala.ui.jinja.environment",
            "context_processors": [
                "django.contrib.messages.context_processors.messages",
                "sala.shell.context.page",
            ],
        },
    },
]

# Texts: Khmer first. Every room carries its own catalogue; `locale` here holds what Django and allauth say.
LANGUAGE_CODE = "km"
LANGUAGES = [("km", "ភាសាខ្មែរ"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale", PACKAGE / "kit" / "locale"]
FORMAT_MODULE_PATH = ["sala.ui.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Phnom_Penh"
LANGUAGE_COOKIE_NAME = "sala_language"

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = TESTING
WHITENOISE_MAX_AGE = 0 if TESTING else 31536000

FILES_ROOT = HOME / "files"
MEDIA_ROOT = FILES_ROOT
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# Who may sign in, and for how long. Posts and their verbs are data in the room `accounts`.
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "sala.accounts.passwords.LengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
if TESTING:  # fast ones; a real process that a test starts uses Django's own
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "work"
SESSION_ENGINE = "sala.accounts.sessions"
SESSION_COOKIE_AGE = 8 * 60 * 60
SESSION_SAVE_EVERY_REQUEST = False
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "sala_session"
CSRF_COOKIE_NAME = "sala_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "sala.shell.problems.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PUBLIC_URL.startswith("https://"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31536000

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "worker-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "manifest-src": ["'self'"],
    }
}

AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "sala.kit.network.counted"  # the proxy's address would lock out everybody behind it
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_ON_SUCCESS = True
AXES_HTTP_RESPONSE_CODE = 429
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ACCESS_FAILURE_LOG = True  # for an hour: how many names were tried from one address
AXES_LOCKOUT_CALLABLE = "sala.accounts.adapter.locked_out"
AXES_SENSITIVE_PARAMETERS = ["username", "otp", "code", "credential", "old", "new", "csrfmiddlewaretoken"]
# From one address so many different user names may fail within an hour; more is somebody trying names through.
SIGN_IN_NAMES = int(os.environ.get("SALA_SIGN_IN_NAMES", "30"))
# What one address may read in a minute of maps, feeds, open data and Open311 (`kit.reads`); 0: as much as it likes. Generous:
# behind one address there may be all telephones of a network.
READS_A_MINUTE = int(os.environ.get("SALA_READS_A_MINUTE", "1200"))
SIGN_IN_AGAIN_MINUTES = int(os.environ.get("SALA_SIGN_IN_AGAIN_MINUTES", "10"))

ACCOUNT_ADAPTER = "sala.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = False  # axes counts by name and address; allauth's count by name would lock others out
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
MFA_ADAPTER = "sala.accounts.adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Sala"
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off

# Sign-in with somebody else's provider (OpenID Connect): off unless all three are set. It opens only accounts linked before.
OIDC_ISSUER = os.environ.get("SALA_OIDC_ISSUER", "").rstrip("/")
OIDC_NAME = os.environ.get("SALA_OIDC_NAME", "") or (urlsplit(OIDC_ISSUER).hostname or "")
OIDC_CLIENT = os.environ.get("SALA_OIDC_CLIENT_ID", "")
OIDC_SECRET = os.environ.get("SALA_OIDC_CLIENT_SECRET", "")
SOCIALACCOUNT_ADAPTER = "sala.accounts.adapter.ProviderAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5  # seconds for each question to the provider
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "SCOPE": ["openid"],
        "APPS": [
            {
                "provider_id": "oidc",
                "name": OIDC_NAME,
                "client_id": OIDC_CLIENT,
                "secret": OIDC_SECRET,
                "settings": {
                    "server_url": OIDC_ISSUER,
                    "uid_field": "issuer_subject",
                    "fetch_userinfo": False,
                },
            }
        ]
        if OIDC_ISSUER and OIDC_CLIENT and OIDC_SECRET
        else [],
    }
}

# Cross-room switches that belong to no room.
COUNTRY = os.environ.get("SALA_COUNTRY", "kh")
EMAIL_URL = os.environ.get("SALA_EMAIL_URL", "")
SMS_URL = os.environ.get("SALA_SMS_URL", "")
SMS_FILE = os.environ.get("SALA_SMS_FILE", "")
SMS_SECRET = os.environ.get("SALA_SMS_SECRET", "")
TELEGRAM_BOT = os.environ.get("SALA_TELEGRAM_BOT", "").lstrip("@")
TELEGRAM_TOKEN = os.environ.get("SALA_TELEGRAM_TOKEN", "")
TELEGRAM_URL = os.environ.get("SALA_TELEGRAM_URL", "").rstrip("/") or "https://api.telegram.org"
FILES_URL = os.environ.get("SALA_FILES_URL", "")

LOG = os.environ.get("SALA_LOG", "") or "text"
if LOG not in ("text", "json"):
    raise SystemExit(f"SALA_LOG is text or json, not {LOG!r}.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
        "json": {"()": "sala.kit.logs.JsonFormatter"},
    },
    "filters": {"addresses": {"()": "sala.kit.logs.WithoutAddresses"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": LOG,
            "filters": ["addresses"],
        },
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "sala": {"level": "INFO"},
        "sala.request": {"level": "INFO" if LOG == "json" else "WARNING"},  # a line for each request
        "axes": {"level": "ERROR"},
    },
}
