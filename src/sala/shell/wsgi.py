"""The door for the web server: Sala as a WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sala.settings")
application = get_wsgi_application()
