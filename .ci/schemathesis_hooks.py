"""Takes out of sound requests what only the shop can give, or what the generator reads wrongly, and gives in its place
what the shop has: shoppers get a cart, an order and things to buy, or nothing behind an id would ever be reached."""

import os
import uuid

import requests
import schemathesis
from schemathesis import GenerationMode

SHOP = os.environ.get("SCHEMATHESIS_SHOP", "")
# `guest`, `customer` or `staff`.
CALLER = os.environ.get("SCHEMATHESIS_CALLER", "staff")
# Texts that are handles wherever they stand.
HANDLES = {"handle", "group", "groups", "brand", "type"}
# Requests for which one cart and one order serve: they are changed, ordered and canceled on the way.
USES = 20
ADDRESS = {"first_name": "Ada", "last_name": "Byron", "line1": "Strand 1", "city": "Berlin", "postal_code": "10115", "country": "DE"}


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    # A cursor comes with the page before, and only some locales are spoken: one that is made up is refused.
    for name in ("cursor", "locale"):
        if case.query:
            case.query.pop(name, None)
    small_handles(case.body)
    if CALLER != "staff":
        shopper.give(case)


def small_handles(body, name=None):
    """The generator takes \\p{Ll} of a handle's pattern for ranges that hold capitals too: those are taken out."""
    if isinstance(body, dict):
        for key, value in list(body.items()):
            if key in HANDLES and isinstance(value, str) and value != value.lower():
                del body[key]
            else:
                small_handles(value, key)
    elif isinstance(body, list):
        body[:] = [value for value in body if not (name in HANDLES and isinstance(value, str) and value != value.lower())]
        for value in body:
            small_handles(value, name)


class Shopper:
    """A cart, an order, and who they belong to. Every other request is given them in place of what was made up."""

    def __init__(self):
        self.turn = 0
        self.session = requests.Session()
        self.variants = []
        self.cart = self.order = self.token = None

    def give(self, case):
        self.turn += 1
        if self.turn % 2:
            return
        path = case.path_parameters or {}
        if path.keys() & {"cart", "order", "payment"} or case.operation.path == "/api/orders":
            self.refresh()
            self.open(case, path)
        self.fill(case.body)

    def open(self, case, path):
        cart, order = self.cart, self.order
        if cart and ("cart" in path or case.operation.path == "/api/orders"):
            if "cart" in path:
                path["cart"] = cart["id"]
            if "line" in path and cart["lines"]:
                path["line"] = cart["lines"][0]["id"]
            if isinstance(case.body, dict) and "cart_id" in case.body:
                case.body = {"cart_id": cart["id"], "payment": {"provider": "test"}}
            if cart.get("token"):
                case.headers["Cart-Token"] = cart["token"]
        if order and path.keys() & {"order", "payment"}:
            if "order" in path:
                path["order"] = order["order"]["id"]
            if "payment" in path and order.get("payment"):
                path["payment"] = order["payment"]["id"]
            if order.get("order_token"):
                case.headers["Order-Token"] = order["order_token"]

    def fill(self, body):
        """Variants that exist, and no second way to name them."""
        if isinstance(body, dict):
            if "variant_id" in body and self.stock():
                body["variant_id"] = self.variants[self.turn // 2 % len(self.variants)]
                body.pop("product_id", None)
            for value in body.values():
                self.fill(value)
        elif isinstance(body, list):
            for value in body:
                self.fill(value)

    def stock(self):
        if not self.variants:
            cards = self.session.get(f"{SHOP}/api/products", params={"limit": 20, "filter[in_stock]": "true"}).json()["data"]
            pages = [self.session.get(f"{SHOP}/api/products/{card['id']}").json() for card in cards]
            self.variants = [page["variants"][0]["id"] for page in pages if page.get("variants")]
        return self.variants

    def refresh(self):
        if self.turn // 2 % USES and self.cart and self.token == Session.token:
            return
        self.token = Session.token
        session = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        ordered = self.new_cart(session)
        if ordered:
            opened = {"Cart-Token": ordered["token"]} if ordered.get("token") else {}
            wish = {"cart_id": ordered["id"], "payment": {"provider": "test"}}
            self.order = self.post("/api/orders", wish, session | opened) or self.order
        self.cart = self.new_cart(session) or self.cart

    def new_cart(self, session):
        variants = self.stock()
        line = {"variant_id": variants[self.turn // 2 % len(variants)], "quantity": 1}
        wish = {"email": "ada@example.com", "shipping_address": ADDRESS, "lines": [line]}
        return self.post("/api/carts", wish, session)

    def post(self, path, body, headers):
        answer = self.session.post(SHOP + path, json=body, headers=headers | {"Idempotency-Key": str(uuid.uuid4())})
        return answer.json() if answer.status_code == 201 else None


shopper = Shopper()


class Session:
    """A customer who signs up whenever the session before has ended, be it that the account was deleted."""

    token = None

    def get(self, case, context):
        who = {"email": f"{uuid.uuid4().hex}@example.com", "password": uuid.uuid4().hex, "first_name": "Ada"}
        Session.token = requests.post(f"{SHOP}/api/auth/register", json=who).json()["access_token"]
        return Session.token

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


if CALLER == "customer":
    schemathesis.auth(refresh_interval=60)(Session)
