"""A real OpenID Connect provider (canaille) with two people and one client, kept in memory: `python -m ... PORT CALLBACK`."""

import datetime
import secrets
import sys
import warnings

PEOPLE = {"dara": "dara's own pass phrase", "sokha": "sokha's own pass phrase"}
CLIENT, SECRET = "sala", "only-for-this-test"


def main(port: int, callback: str) -> None:
    """Serve until killed."""
    warnings.simplefilter("ignore")
    from canaille import create_app
    from canaille.app import models
    from joserfc.jwk import RSAKey
    from werkzeug.serving import make_server

    key = RSAKey.generate_key(2048, auto_kid=True).as_dict(private=True)
    app = create_app(
        {
            "SECRET_KEY": secrets.token_hex(),
            "SERVER_NAME": f"127.0.0.1:{port}",
            "PREFERRED_URL_SCHEME": "http",
            "CANAILLE": {"DATABASE": "memory", "JAVASCRIPT": False, "HTMX": False, "LOGGING": None},
            "CANAILLE_OIDC": {"ACTIVE_JWKS": [key]},
        }
    )
    with app.app_context():
        from canaille.backends import Backend

        for name, password in PEOPLE.items():
            row = models.User(
                formatted_name=name,
                family_name=name,
                user_name=name,
                emails=[f"{name}@example.org"],
                password=password,
            )
            Backend.instance.save(row)
        client = models.Client(
            client_id=CLIENT,
            client_secret=SECRET,
            client_name="Sala",
            client_uri="http://127.0.0.1",
            redirect_uris=[callback],
            grant_types=["authorization_code"],
            response_types=["code"],
            scope=["openid"],
            token_endpoint_auth_method="client_secret_post",
            client_id_issued_at=datetime.datetime.now(datetime.UTC),
        )
        Backend.instance.save(client)
        client.audience = [client]
        Backend.instance.save(client)
    make_server("127.0.0.1", port, app, threaded=True).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
