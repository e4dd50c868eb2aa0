"""Scores of every caller of a large force.

Usage: script/bench risk [CONTACTS ...]   (default: 1000000 10000000)

Contacts of a year up to now, 0.18 callers a contact, each active for a time
of their own, with codes, qualifiers and handling times.  Risk factors are the
shipped ones and two on codes and qualifiers.  Times are of whole refreshes.
"""
import os
import re
import statistics
import subprocess
import sys

DATABASE = 'risk'
REPEATS = 5

CONTACT = """
SELECT 'bench', g::text,
    date_trunc('minute', now()) - (start * (1 - (hashint8extended(g, 2) & 1048575) / 1048576.0 * least(1, span / start))) * interval '1 s',
    CASE WHEN h & 7 < 2 THEN '999_voice' ELSE '101_voice' END,
    '0' || CASE WHEN caller < 1000000 THEN 1632 ELSE 1222 END || lpad((caller % 1000000)::text, 6, '0'),
    'D' || (h >> 3 & 15), 'R' || (h >> 7 & 15), CASE WHEN h >> 11 & 7 = 0 THEN ARRAY['Q' || (h >> 14 & 7)] END,
    CASE WHEN h >> 17 & 3 = 0 THEN 'non_policing' WHEN h >> 17 & 15 = 1 THEN 'avoidable_policing' ELSE 'policing' END,
    60 + (h >> 21 & 1023), 'district ' || (h >> 31 & 7)
FROM (SELECT %(n)s::bigint AS n, (%(n)s * 0.18)::bigint AS callers) s,
    LATERAL generate_series(1, n) g,
    LATERAL (SELECT (hashint8extended(g, 1) & 9007199254740991) / 9007199254740992.0::float8 AS u, hashint8extended(g, 4) & 9223372036854775807 AS h) u,
    LATERAL (SELECT CASE WHEN g <= callers THEN (g * 7919) % callers ELSE floor(callers * power(u.u, 3)) END::bigint AS caller) c,
    LATERAL (SELECT 1 + (hashint8extended(caller, 6) & 2147483647) % 31536000 AS start, 31536000 * power((hashint8extended(caller, 7) & 65535) / 65536.0, 2) AS span) a"""

COLUMNS = 'source, source_ref, occurred_at, channel, number_raw, opening_code, closing_code, qualifiers, demand_class, handling_seconds, district'

NEW_CONTACTS = """INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, handling_seconds)
SELECT 'new', %(batch)s || '-' || g, now(), '101_voice', c.number_raw, 300
FROM generate_series(1, %(new)s) g,
    LATERAL (SELECT c.number_raw FROM engage.contact c WHERE c.contact_id = 1 + (hashint8extended(g, %(batch)s) & 2147483647) %% %(n)s) c"""


def psql(statement, database=DATABASE):
    """Run a statement; return its output and seconds."""
    out = subprocess.run(['psql', '-qAtX', '-v', 'ON_ERROR_STOP=1', '-d', database, '-c', r'\timing on', '-c', statement],
                         check=True, capture_output=True, text=True).stdout
    return re.sub(r'^Time: .*\n?', '', out, flags=re.M).strip(), float(re.findall(r'^Time: ([\d.]+) ms', out, re.M)[-1]) / 1000


def say(*parts):
    print(*parts, flush=True)


def load(contacts):
    subprocess.run(['dropdb', '--if-exists', '--force', DATABASE], check=True, capture_output=True)
    subprocess.run(['createdb', DATABASE], check=True)
    psql('CREATE EXTENSION engage')
    psql('SELECT engage.setup()')
    path = os.path.join(os.environ['ENGAGE_RESULTS'], 'load.csv')
    psql(rf"\copy ({CONTACT.replace('%(n)s', str(contacts)).replace(chr(10), ' ')}) TO '{path}' (FORMAT csv)", database='postgres')
    psql(rf"\copy engage.contact ({COLUMNS}) FROM '{path}' (FORMAT csv)")
    os.remove(path)
    psql('CALL engage.refresh(20000)')
    psql('VACUUM ANALYZE')


def after(contacts, new, first_batch):
    seconds = []
    for batch in range(first_batch, first_batch + REPEATS):
        psql(NEW_CONTACTS % {'batch': batch, 'new': new, 'n': contacts})
        seconds.append(psql('CALL engage.refresh()')[1])
    return f'{statistics.median(seconds):.3f} s median, {max(seconds):.3f} s at most of {REPEATS}'


def measure(contacts):
    load(contacts)
    without = [after(contacts, new, batch) for new, batch in ((1000, 0), (1, 100))]
    psql('SELECT engage.adopt_risk_factors()')
    psql("SELECT engage.set_risk_factor('weapons_seen', 3, axis => 'harm', measure => 'qualifier', matches => '{Q1, Q2}', at_most => 3, label => 'Weapons')")
    psql("SELECT engage.set_risk_factor('violence_seen', 1, axis => 'harm', measure => 'closing_code', matches => '{R3, R4}', at_most => 5, within => '90 days', label => 'Violence')")
    fit = psql('SELECT callers, events, weights_fitted, demand_fitted FROM engage.fit_risk()')
    scores = []
    for _ in range(3):
        psql("INSERT INTO engage_internal.dirty (subject, cause) VALUES ('risks', 'bench')")
        scores.append(psql('CALL engage.refresh()')[1])
        psql('VACUUM engage.caller_risk')
    count = psql('SELECT count(*) FROM engage.caller_risk')[0]
    say(f'## {contacts:,} contacts, {count} callers scored\n')
    say(f'Fit (callers, events, weights and demand model fitted): {fit[0]}\n')
    for row in (('work', 'figure'), ('---', '---'), ('fit of weights and demand model', f'{fit[1]:.1f} s'),
                ('refresh that scores every caller', ', '.join(f'{s:.1f} s' for s in scores)),
                ('refresh after 1,000 new contacts, scores included', after(contacts, 1000, 200)), ('the same before risk factors were adopted', without[0]),
                ('refresh after 1 new contact, scores included', after(contacts, 1, 300)), ('the same before risk factors were adopted', without[1]),
                ('verify(0.01)', psql('SELECT count(*) FROM engage.verify(0.01)')[0] + ' problems')):
        say('| ' + ' | '.join(row) + ' |')
    say()


def main():
    say(f"PostgreSQL {psql('SHOW server_version', database='postgres')[0]}, {os.cpu_count()} processors\n")
    for contacts in [int(argument) for argument in sys.argv[1:]] or [1000000, 10000000]:
        measure(contacts)


main()
