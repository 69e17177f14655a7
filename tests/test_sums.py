"""Sums as people write them: read with certainty, or not at all."""

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tarazy.ops.sums import HIGHEST, read_sum

pytestmark = pytest.mark.engine("sqlite")  # touches no database: once is enough


RATES = {
    "BTC": Decimal(30_000),
    "EUR": Decimal("1.10"),
    "GBP": Decimal("1.25"),
    "DAI": Decimal(1),
    "USDT": Decimal(1),
    "USDC": Decimal(1),
}

IN_DOLLARS = {
    "30000": 30_000,
    "30,000 USD": 30_000,
    "30,000 USD.": 30_000,
    "30 000 USD": 30_000,
    "30\u00a0000 USD": 30_000,
    "30\u202f000 USD": 30_000,
    "30.000 USD": 30_000,
    "30'000 USD": 30_000,
    "30’000 USD": 30_000,
    "30,000.00 USD\r": 30_000,
    "30 000,00 USD": 30_000,
    "30.000,50 USD": 30_000.50,
    "1,234,567.89 USD": 1_234_567.89,
    "1 234 567,89 USD": 1_234_567.89,
    "10.000.000 USD": 10_000_000,
    "12,34 USD": 12.34,
    "1.75": 1.75,
    "$27,500": 27_500,
    "$ 100,000": 100_000,
    "US$ 30,000": 30_000,
    "52500 U$D": 52_500,
    "＄49,984 (USD)": 49_984,
    "USD 27,000": 27_000,
    "USD27000": 27_000,
    "5000 usd": 5_000,
    "10,000USD (ETH)": 10_000,
    "10,000 USD 💰": 10_000,
    "10k USD": 10_000,
    "8.5k USD": 8_500,
    "1,5k USD": 1_500,
    "10K": 10_000,
    "30k.": 30_000,
    "42 K$": 42_000,
    "5 mln USD": 5_000_000,
    "2 million USD": 2_000_000,
    "1.5M USD": 1_500_000,
    "DAI 8500": 8_500,
    "0.73 BTC": 21_900,
    "0,5 BTC": 15_000,
    "0.500 BTC": 15_000,
    "1.4658 BTC.": 43_974,
    "0.5 btc": 15_000,
    "10,000 €": 11_000,
    "£19,800 (26862.66 USD/DAI)": 26_862.66,
    "~20,000 USD (1.2 BTC)": 20_000,
    "$30,000 DAI/USDC/ETH/DOTS": 30_000,
    "18,920 USD (half of the development fee is financed)": 18_920,
    "about 12,000 USD in 2 milestones": 12_000,
    "20% of it now, 10,000 USD": 10_000,
}
IN_TENGE = {
    "4 800 000 KZT": 4_800_000,
    "4 800 000 тг": 4_800_000,
    "4 800 000 тг.": 4_800_000,
    "4 800 000 тенге": 4_800_000,
    "4 800 000 теңге": 4_800_000,
    "4 800 000 ₸": 4_800_000,
    "₸ 500 000": 500_000,
    "2,5 млн тенге": 2_500_000,
    "2,5 млн. тенге": 2_500_000,
    "3 млн": 3_000_000,
    "700 тыс. тенге": 700_000,
    "700 мың теңге": 700_000,
    "1 миллион тенге": 1_000_000,
}
UNREADABLE = [
    "",
    " ",
    "$",
    "USD",
    "0 USD",
    "0.001 USD",
    "-500 USD",
    "−500 USD",
    "100 XYZ",
    "100 apples",
    "10 billion USD",
    "1e9 USD",
    "$10,0000 USD",
    "1,23,456 USD",
    "1.234,567 USD",
    "010,000 USD",
    "000 USD",
    "0.5.3 USD",
    "1..5 USD",
    "5000-7000 USD",
    "5,000 – 7,000 USD",
    "10k-20k USD",
    "5000 USD or 7000 USD",
    "0.5 BTC ~+ 0.1 BTC~",
    "$5k + $3k",
    "5000 + 3000 USD",
    "3 x 10,000 USD",
    "10,000 USD x 3",
    "1/2 BTC",
    "50%",
    "0.2 (rate: 23 Nov, 10:27am UTC)",
    "9" * 30,
    "99999999999999999999 USD",
    "The total budget requested is US$ 29900 for two researchers dedicating about 30 days of it",
]


@pytest.mark.parametrize(("text", "dollars"), IN_DOLLARS.items())
def test_a_sum_is_read_as_it_was_meant(text: str, dollars: float) -> None:
    assert read_sum(text, currency="USD", rates=RATES) == round(dollars * 100)


@pytest.mark.parametrize(("text", "tenge"), IN_TENGE.items())
def test_a_sum_in_tenge_is_read_in_all_three_languages(text: str, tenge: int) -> None:
    assert read_sum(text, currency="KZT", rates={}) == tenge * 100


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_may_mean_something_else_is_not_read(text: str) -> None:
    assert read_sum(text, currency="USD", rates=RATES) is None


def test_a_currency_without_a_rate_is_no_sum() -> None:
    assert read_sum("0.73 BTC", currency="USD", rates={}) is None
    assert read_sum("10 000 тг", currency="USD", rates=RATES) is None


@given(st.text(alphabet="0123456789 .,'-kKкM$€₸%xUSDBTCмлн()\u00a0", max_size=60))
def test_whatever_is_written_gives_a_sum_that_a_column_holds_or_none(text: str) -> None:
    found = read_sum(text, currency="USD", rates=RATES)
    assert found is None or 0 < found <= HIGHEST


@given(st.integers(min_value=1, max_value=10**10), st.sampled_from([" ", ",", ".", "'", "\u00a0"]))
def test_a_whole_sum_is_read_back_however_it_is_grouped(amount: int, gap: str) -> None:
    written = f"{amount:,}".replace(",", gap) + " USD"
    assert read_sum(written, currency="USD", rates={}) == amount * 100


@pytest.mark.skipif("TARAZY_DATA" not in os.environ, reason="TARAZY_DATA is not set: no real file")
def test_nineteen_of_twenty_real_applicants_are_understood() -> None:
    file = Path(os.environ["TARAZY_DATA"]) / "applications" / "real-applications.jsonl"
    written = [
        json.loads(line)["requested"] for line in file.read_text(encoding="utf-8").splitlines()
    ]
    told = [text for text in written if text]
    understood = [text for text in told if read_sum(text, currency="USD", rates=RATES) is not None]
    assert len(written) == 295
    assert len(understood) >= 0.95 * len(told)
