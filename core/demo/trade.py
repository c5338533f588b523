"""Whom the demo company trades with and what it trades. All names are of its own invention."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from postroom.core.kinds import Area, Blocked

COMPANY = "Tern & Harrow Trading"

CURRENCIES = (
    ("USD", "US dollar", "0.01", "0.92"),
    ("SEK", "Swedish krona", "0.01", "0.0874"),
    ("JPY", "Japanese yen", "1", "0.0061"),
)
"""Code, description, amount precision, LCY per unit since 2026-01-01."""


@dataclass(frozen=True, slots=True)
class DemoParty:
    """A customer or vendor; `group` is its business, VAT and posting group alike."""

    area: Area
    no: str
    name: str
    address: str
    post_code: str
    city: str
    country: str
    group: str
    days: int
    currency: str = ""
    discount: str = "0"
    blocked: Blocked = Blocked.NO


@dataclass(frozen=True, slots=True)
class DemoItem:
    """An item with its opening stock. `group` is its general product group."""

    no: str
    description: str
    unit: str
    price: str
    cost: str
    group: str
    vat: str
    stock: int
    inventory: str = "RESALE"
    prevent_negative: bool = False
    blocked: bool = False


def _party(
    area: Area,
    no: str,
    name: str,
    address: str,
    post_code: str,
    city: str,
    country: str,
    group: str,
    *,
    days: int,
    currency: str = "",
    discount: str = "0",
    blocked: Blocked = Blocked.NO,
) -> DemoParty:
    return DemoParty(area, no, name, address, post_code, city, country, group, days, currency, discount, blocked)


_customer, _vendor = partial(_party, Area.SALES), partial(_party, Area.PURCHASE)

CUSTOMERS = (
    _customer("C1001", "Lanternfish Hardware", "Quay Row 4", "1204", "Ostervik", "OV", "HOME", days=14),
    _customer("C1002", "The Copper Kettle", "Mill Street 31", "1310", "Brakkeby", "OV", "HOME", days=30, discount="2"),
    _customer("C1003", "Wren & Daughters", "Long Meadow 7", "2055", "Tindholm", "OV", "HOME", days=14),
    _customer("C1004", "Saltmarsh Garden Centre", "Dyke Road 112", "2210", "Hvalnes", "OV", "HOME", days=30),
    _customer("C1005", "Bracket [Tools] & Co", "Foundry Lane 2", "1204", "Ostervik", "OV", "HOME", days=8),
    _customer("C1006", "Old Ferry Inn", "Ferry Steps 1", "3001", "Sundmouth", "OV", "HOME", days=14),
    _customer("C1007", "Juniper Primary School", "Church Path 19", "1310", "Brakkeby", "OV", "HOME", days=45),
    _customer("C1008", "Beacon Joinery", "Yard 6, Harbour East", "3001", "Sundmouth", "OV", "HOME", days=30),
    _customer("C1009", "Pebble & Plume", "Arcade 12", "1204", "Ostervik", "OV", "HOME", days=14, discount="3"),
    _customer("C1010", "Three Elms Farm Shop", "Elm Corner", "2055", "Tindholm", "OV", "HOME", days=21),
    _customer("C2001", "Maison Grivelle", "Rue des Tilleuls 8", "4410", "Valcourt", "VC", "UNION", days=30),
    _customer("C2002", "Holzmann & Töchter", "Am Anger 3", "8802", "Kreuzfelde", "KF", "UNION", days=30),
    _customer("C2003", "Łucja Wrona Oświetlenie", "ul. Lipowa 40", "30-110", "Zielonka Mała", "ZM", "UNION", days=21),
    _customer("C2004", "Bottega Sant'Elmo", "Via del Faro 15", "55021", "Portonuovo", "PN", "UNION", days=60),
    _customer(
        "C2005", "Norrsken Inredning", "Storgatan 77", "931 30", "Björkhamn", "BH", "UNION", days=30, currency="SEK"
    ),
    _customer(
        "C3001", "Prairie Lantern Supply", "410 Depot Ave", "60911", "Millbrook Junction", "PR", "ABROAD", days=45
    ),
    _customer(
        "C3002",
        "Harborlight Outfitters",
        "88 Wharf St",
        "02999",
        "Pelican Point",
        "PR",
        "ABROAD",
        days=30,
        currency="USD",
    ),
    _customer("C3003", "Kirishima Zakka", "2-14 Minato", "890-0100", "Aosaki", "AO", "ABROAD", days=60, currency="JPY"),
    _customer("C3004", "Table Bay Mercantile", "Dock Road 5", "8001", "Kaapduin", "KD", "ABROAD", days=45),
    _customer(
        "C1099",
        "Gullwing Bazaar",
        "Cellar Alley 13",
        "1204",
        "Ostervik",
        "OV",
        "HOME",
        days=0,
        blocked=Blocked.ALL,
    ),
)

VENDORS = (
    _vendor("V1001", "Ostervik Timber Yard", "Sawmill Road 1", "1204", "Ostervik", "OV", "HOME", days=30),
    _vendor("V1002", "Brakkeby Ropeworks", "Spinner's Row 9", "1310", "Brakkeby", "OV", "HOME", days=30),
    _vendor("V1003", "Hvalnes Foundry", "Slag Hill 3", "2210", "Hvalnes", "OV", "HOME", days=14),
    _vendor("V1004", "Clearwater Glass", "Sand Street 22", "2055", "Tindholm", "OV", "HOME", days=30),
    _vendor("V1005", "Sundmouth Power & Light", "Dam House", "3001", "Sundmouth", "OV", "HOME", days=21),
    _vendor("V1006", "Quill & Ledger Stationers", "Bishop's Lane 4", "1204", "Ostervik", "OV", "HOME", days=14),
    _vendor("V1007", "Swift Carrier Haulage", "Ring Road 200", "3001", "Sundmouth", "OV", "HOME", days=8),
    _vendor("V2001", "Émaillerie du Lac", "Quai Nord 12", "4460", "Lac-Perdu", "VC", "UNION", days=45),
    _vendor("V2002", "Federwerk Kreuzfelde", "Industriestrasse 18", "8805", "Kreuzfelde", "KF", "UNION", days=30),
    _vendor("V2003", "Ceramica Portonuovo", "Via dei Vasai 2", "55021", "Portonuovo", "PN", "UNION", days=30),
    _vendor("V2004", "Linneväveri Ask", "Ågatan 5", "933 10", "Björkhamn", "BH", "UNION", days=30, currency="SEK"),
    _vendor("V3001", "Aosaki Blade Works", "7-3 Kajiya", "890-0111", "Aosaki", "AO", "ABROAD", days=60, currency="JPY"),
    _vendor(
        "V3002",
        "Bluestem Canvas Mills",
        "1200 County Road",
        "60940",
        "Bluestem",
        "PR",
        "ABROAD",
        days=45,
        currency="USD",
    ),
    _vendor("V3003", "Kaapduin Hides", "Tannery Street 6", "8003", "Kaapduin", "KD", "ABROAD", days=30),
    _vendor(
        "V1099",
        "Drizzle Import Agency",
        "Box 40",
        "3001",
        "Sundmouth",
        "OV",
        "HOME",
        days=0,
        blocked=Blocked.ALL,
    ),
)

ITEMS = (
    DemoItem("1000", "Storm lantern, brass", "PCS", "64.00", "31.50", "RESALE", "VAT25", 240),
    DemoItem("1010", "Storm lantern, black", "PCS", "58.00", "28.75", "RESALE", "VAT25", 260),
    DemoItem("1020", "Lamp wick, 10 m", "ROLL", "6.95", "2.40", "RESALE", "VAT25", 900),
    DemoItem("1030", "Enamel kettle, 2 l", "PCS", "42.50", "19.80", "RESALE", "VAT25", 300),
    DemoItem("1040", "Enamel mug, blue rim", "PCS", "8.90", "3.15", "RESALE", "VAT25", 1200),
    DemoItem("1050", "Stoneware bowl", "PCS", "17.25", "7.60", "RESALE", "VAT25", 480),
    DemoItem("1060", "Bread knife, 24 cm", "PCS", "49.00", "22.10", "RESALE", "VAT25", 220),
    DemoItem("1070", "Paring knife", "PCS", "18.75", "8.05", "RESALE", "VAT25", 350),
    DemoItem("1080", "Garden fork", "PCS", "54.90", "26.40", "RESALE", "VAT25", 210),
    DemoItem("1090", "Hand trowel", "PCS", "14.50", "5.95", "RESALE", "VAT25", 520),
    DemoItem("1100", "Watering can, 9 l", "PCS", "36.00", "15.70", "RESALE", "VAT25", 260),
    DemoItem("1110", "Jute twine, 200 m", "ROLL", "7.40", "2.85", "RESALE", "VAT25", 800),
    DemoItem("1120", "Canvas apron", "PCS", "39.95", "17.33333", "RESALE", "VAT25", 300),
    DemoItem("1130", "Linen tea towel", "PCS", "12.80", "5.10", "RESALE", "VAT25", 640),
    DemoItem("1140", "Leather work gloves", "PAIR", "27.60", "12.45", "RESALE", "VAT25", 420),
    DemoItem("1150", "Seed box, herbs", "BOX", "11.20", "4.30", "RESALE", "VAT10", 500),
    DemoItem("1160", "Seed box, meadow flowers", "BOX", "13.40", "5.20", "RESALE", "VAT10", 450),
    DemoItem("1170", "Sea salt, 500 g", "BAG", "5.60", "1.95", "RESALE", "VAT10", 1000),
    DemoItem("1180", "Heather honey, 450 g", "JAR", "9.75", "4.45", "RESALE", "VAT10", 700),
    DemoItem("1190", "Life buoy", "PCS", "88.00", "47.00", "RESALE", "VAT0", 200),
    DemoItem("2000", "Oak board, planed", "M", "22.40", "11.85", "RAW", "VAT25", 1500, "RAW"),
    DemoItem("2010", "Manila rope, 12 mm", "M", "2.35", "0.98765", "RAW", "VAT25", 4000, "RAW"),
    DemoItem("2020", "Window glass, 4 mm", "M2", "31.00", "16.20", "RAW", "VAT25", 600, "RAW"),
    DemoItem("2030", "Beeswax, raw", "KG", "15.80", "8.40", "RAW", "VAT25", 350, "RAW"),
    DemoItem("3000", "Lantern burner, spare", "PCS", "16.00", "6.70", "PARTS", "VAT25", 300),
    DemoItem("3010", "Lantern globe, spare", "PCS", "12.00", "4.90", "PARTS", "VAT25", 300),
    DemoItem("4000", "Almanac for gardeners", "PCS", "19.00", "9.50", "RESALE", "PRINTED", 250),
    DemoItem("5000", "Ship's clock, numbered", "PCS", "480.00", "265.00", "RESALE", "VAT25", 6, prevent_negative=True),
    DemoItem("5010", "Paraffin heater", "PCS", "129.00", "71.00", "RESALE", "VAT25", 40, blocked=True),
    DemoItem("5020", "Sample case", "PCS", "75.00", "40.00", "RESALE", "VAT25", 0, inventory=""),
)

ORDINARY_ITEMS = ITEMS[:24]
"""Items that post in every trade area."""

CHARGES = (
    ("FREIGHT", "Freight", "6400", "VAT25"),
    ("PACKING", "Packing", "6400", "VAT25"),
    ("INFREIGHT", "Freight on purchases", "7500", "VAT25"),
)
"""No., description, account, VAT product posting group."""
