import logging
import os
import sqlite3

import requests
from flask import Flask

logging.basicConfig(level=logging.INFO)
logger = logging.getLogger("orders")
app = Flask(__name__)


@app.get("/orders/<order>")
def read(order):
    with sqlite3.connect(":memory:") as database:
        database.cursor().execute("SELECT ?", (order,))
    answer = requests.get(f"{os.environ['NEXT_URL']}/orders/{order}", timeout=10)
    try:
        answer.raise_for_status()
    except requests.HTTPError:
        logger.exception("order not read", extra={"order_id": order})
        raise
    logger.info("order read", extra={"order_id": order})
    return answer.json()
