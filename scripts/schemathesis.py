"""What schemathesis.sh asks of a server beside the made-up requests.

token BASE USERNAME PASSWORD    signs in, prints the access token
things BASE KEY                 makes one of each thing, prints settings that let made-up requests name them
figures BASE                    prints how requests were answered; ends with 1 when too few operations ever succeeded
"""

import collections
import json
import re
import sys

import requests

# Less would mean that nearly all that was made up named nothing.
SUCCEEDED_MIN = 70

OFF = {"name": "Five off", "currency": "EUR", "benefit": {"type": "amount_off", "amount_minor": 500}, "activate": True}
ORDER = {"currency": "EUR", "lines": [{"sku": "A1", "quantity": 2, "unit_price_minor": 4000}]}


def token(base, username, password):
    answer = requests.post(f"{base}/v1/auth/login", json={"username": username, "password": password})
    print(answer.json()["access_token"])


def things(base, key):
    def ask(method, path, **content):
        answer = requests.request(method, base + path, headers={"Authorization": f"Bearer {key}"}, **content)
        answer.raise_for_status()
        return answer.json()

    def make(path, **body):
        return ask("POST", path, json=body)

    customer = make("/v1/customers", external_id="dora", email="dora@shop.example")["id"]
    campaign = make("/v1/campaigns", name="Spring", activate=True)["id"]
    stock = {"id": "stock", "counts": "claims", "per": "everyone", "period": "ever", "max": 1000}
    coupon = make("/v1/coupons", **OFF, campaign_id=campaign, limits=[stock])["id"]
    pool = make("/v1/coupons", **OFF, claims_from="pool")["id"]
    voucher = make(f"/v1/coupons/{coupon}/claims", customer_id=customer)["voucher"]
    redemption = make("/v1/redemptions", codes=[voucher["code"]], order={"id": "o1", **ORDER}, customer_id=customer)
    csv = {"data": "code\nPARTNER-0001\nPARTNER-0001\n", "headers": {"Content-Type": "text/csv"}}
    csv["headers"]["Authorization"] = f"Bearer {key}"
    known = {
        "accounts": [ask("GET", "/v1/accounts")["data"][-1]["id"]],
        "api-keys": [make("/v1/api-keys", name="lost", scopes=["read"])["id"]],
        "blocks": [make("/v1/blocks", customer_id=make("/v1/customers", external_id="eve")["id"], reason="fraud")["id"]],
        "campaigns": [campaign],
        "code-blocks": [make(f"/v1/coupons/{coupon}/vouchers", count=3)["block"]["id"]],
        "coupons": [coupon, pool],
        "customers": [customer],
        "imports": [requests.post(f"{base}/v1/coupons/{pool}/imports", **csv).json()["id"]],
        "redemptions": [redemption["id"]],
        "vouchers": [make(f"/v1/coupons/{coupon}/claims", customer_id=customer)["voucher"]["id"] for _ in range(9)],
    }
    identity = ask("GET", f"/v1/customers/{customer}/identities")["data"][-1]["id"]
    more = {"identities": [identity], "codes": ["SAVE10", *known["vouchers"]], "versions": ["*", '"1"'], "first": [1]}
    for name, values in {**known, **more}.items():
        print(f"[dictionaries.{name}]\nvalues = {json.dumps(values)}\n")
    everywhere = {
        "body.customer_id": "customers",
        "body.coupon_ids[*]": "coupons",
        "body.codes[*]": "codes",
        "query.customer_id": "customers",
        "query.coupon_id": "coupons",
        "header.If-Match": "versions",
        "path.identity_id": "identities",
        "path.version": "first",
    }
    say("[parameters]", everywhere)
    for name in known:
        say(f'[[operations]]\ninclude-path-regex = "^/v1/{name}/"\n[operations.parameters]', {"path.id": name, **everywhere})
    say('[[operations]]\ninclude-path-regex = "^/admin/"\n[operations.parameters]', {"path.id": "first"})


def say(heading, bindings):
    lines = [f'"{name}" = {{ dictionary = "{values}", probability = 0.8 }}' for name, values in bindings.items()]
    print("\n".join([heading, *lines, ""]))


def figures(base):
    line = re.compile(r'http_requests_total\{method="(\w+)",route="([^"]+)",status="(\d+)"\} (\d+)')
    answers, succeeded = collections.Counter(), set()
    for method, route, status, count in line.findall(requests.get(f"{base}/metrics").text):
        answers[status] += int(count)
        if status < "400":
            succeeded.add((method, route))
    paths = requests.get(f"{base}/openapi.json").json()["paths"]
    operations = {(method.upper(), path) for path, item in paths.items() for method in item}
    print(sum(answers.values()), "answers:", ", ".join(f"{count} of {status}" for status, count in sorted(answers.items())))
    never = sorted(" ".join(one) for one in operations - succeeded)
    print(len(operations) - len(never), "of", len(operations), "operations succeeded; never:", ", ".join(never))
    if len(operations) - len(never) < SUCCEEDED_MIN:
        sys.exit(f"fewer than {SUCCEEDED_MIN} operations succeeded")


if __name__ == "__main__":
    {"token": token, "things": things, "figures": figures}[sys.argv[1]](*sys.argv[2:])
