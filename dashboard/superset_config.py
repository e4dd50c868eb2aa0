"""How script/dashboard runs Apache Superset: for one machine, without the network.

SUPERSET_HOME is closed to other users; what Superset remembers is in there.
"""
import os
import pathlib

HOME = pathlib.Path(os.environ['SUPERSET_HOME'])

APP_NAME = 'engage'
SECRET_KEY = (HOME / 'secret_key').read_text(encoding='ascii').strip()
SQLALCHEMY_DATABASE_URI = f"sqlite:///{HOME / 'superset.db'}?check_same_thread=false"
DATA_DIR = str(HOME)

# The page may load nothing from elsewhere, nor report anything.
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    'content_security_policy': {
        'base-uri': ["'self'"],
        'default-src': ["'self'"],
        'img-src': ["'self'", 'blob:', 'data:'],
        'worker-src': ["'self'", 'blob:'],
        'connect-src': ["'self'"],
        'object-src': "'none'",
        'style-src': ["'self'", "'unsafe-inline'"],
        'font-src': ["'self'", 'data:'],
        'script-src': ["'self'", "'strict-dynamic'"],
        'frame-ancestors': ["'self'"],
    },
    'content_security_policy_nonce_in': ['script-src'],
    'force_https': False,
    'session_cookie_secure': False,
}
SESSION_COOKIE_SAMESITE = 'Strict'
WTF_CSRF_ENABLED = True
FAB_ADD_SECURITY_API = False
MAPBOX_API_KEY = ''

BABEL_DEFAULT_LOCALE = 'en'
LANGUAGES = {}
D3_TIME_FORMAT = {'dateTime': '%a %e %b %Y %X', 'date': '%d/%m/%Y'}
SQLLAB_TIMEOUT = 60
SUPERSET_WEBSERVER_TIMEOUT = 120
RATELIMIT_STORAGE_URI = 'memory://'
