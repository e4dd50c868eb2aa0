"""Who met '5 in 1 day' or '10 in 7 days', and the register behind it.

Usage: script/bench detection [CONTACTS ...]   (default: 1000000 10000000)

Every method runs REPEATS times in turn with the others; the table gives medians and their ratio to the aggregate from
the heap.  All methods give each caller and criterion met with the time it was first met, and are checked to agree;
engage gives last time, episodes and peak besides.
"""
import os
import re
import statistics
import subprocess
import sys
import time

import duckdb

from harness import (
    DATABASE, NUMBER, RESULTS, contacts_of_callers, load, machine, make_database, median_and_most, psql, refreshes, say,
    seconds, sizes, table)

REPEATS = 3
CRITERIA = (('5 in 1 day', 5, '1 day', '23:59:59.999999'),
            ('10 in 7 days', 10, '7 days', '6 days 23:59:59.999999'))

GENERATE = """
CREATE UNLOGGED TABLE contacts AS
SELECT g AS id, caller,
    timestamptz '2025-01-01 00:00+00'
        + ((g * 31557600.0 / n)::bigint + (abs(hashint8extended(g, 2)) % 600)) * interval '1 s' AS called_at"""

NATIVE_WINDOW = ' UNION ALL '.join(
    f"""SELECT caller, '{name}' AS criterion, min(called_at) AS first_met_at FROM (
        SELECT caller, called_at, count(*) OVER (PARTITION BY caller ORDER BY called_at
            RANGE BETWEEN INTERVAL '{closed}' PRECEDING AND CURRENT ROW) AS n FROM contacts) w
        WHERE n >= {n} GROUP BY caller""" for name, n, width, closed in CRITERIA)

NATIVE_LAG = """
SELECT caller, criterion, min(called_at) AS first_met_at FROM (
    SELECT caller, called_at, lag(called_at, 4) OVER w AS five, lag(called_at, 9) OVER w AS ten FROM contacts
    WINDOW w AS (PARTITION BY caller ORDER BY called_at)) l
CROSS JOIN (VALUES ('5 in 1 day'), ('10 in 7 days')) c (criterion)
WHERE CASE criterion WHEN '5 in 1 day' THEN called_at - five < INTERVAL '1 day'
    ELSE called_at - ten < INTERVAL '7 days' END
GROUP BY caller, criterion"""

# PostgreSQL's planner needs the filter before the cross join, DuckDB's does not mind.
NATIVE_LAG_PG = """
WITH l AS (SELECT caller, called_at, lag(called_at, 4) OVER w AS five, lag(called_at, 9) OVER w AS ten FROM contacts
    WINDOW w AS (PARTITION BY caller ORDER BY called_at))
SELECT caller, '5 in 1 day' AS criterion, min(called_at) AS first_met_at
FROM l WHERE called_at - five < interval '1 day' GROUP BY caller
UNION ALL
SELECT caller, '10 in 7 days', min(called_at)
FROM l WHERE called_at - ten < interval '7 days' GROUP BY caller"""

OURS = """
SELECT m.caller, m.criterion::text, m.first_met_at
FROM (SELECT engage.repeat_callers(caller, called_at, '{5 in 1 day, 10 in 7 days}') AS met FROM contacts) r,
    unnest(r.met) m"""

OURS_TEXT = """
SELECT m.caller, m.criterion::text, m.first_met_at
FROM (SELECT engage.repeat_callers(caller::text, called_at, '{5 in 1 day, 10 in 7 days}') AS met FROM contacts) r,
    unnest(r.met) m"""

STORED = """SELECT caller, '5 in 1 day' AS criterion, engage.first_met(t, '5 in 1 day') AS first_met_at
FROM timelines WHERE engage.meets(t, '5 in 1 day')
UNION ALL SELECT caller, '10 in 7 days', engage.first_met(t, '10 in 7 days')
FROM timelines WHERE engage.meets(t, '10 in 7 days')"""

CHECKSUM = "SELECT count(*), md5(string_agg(x::text, ',' ORDER BY caller, criterion)) FROM (%s) x"


def counted(query):
    """The same query for timing: the rows are made, and only counted."""
    return f'SELECT count(*), max(first_met_at) FROM ({query}) q'


def prepare(contacts):
    make_database()
    psql('CREATE EXTENSION engage', GENERATE + contacts_of_callers(contacts))
    psql('CREATE UNLOGGED TABLE timelines AS '
         'SELECT caller, engage.timeline_agg(called_at) AS t FROM contacts GROUP BY caller')
    psql('VACUUM ANALYZE contacts', 'VACUUM ANALYZE timelines')
    path = os.path.join(RESULTS, 'contacts.csv')
    psql(rf"\copy (SELECT caller, called_at AT TIME ZONE 'UTC' FROM contacts) TO '{path}' (FORMAT csv)")
    database = os.path.join(RESULTS, 'contacts.duckdb')
    if os.path.exists(database):
        os.remove(database)
    duck = duckdb.connect(database)
    duck.execute('SET threads = 2')
    duck.execute(f"CREATE TABLE contacts AS SELECT * FROM read_csv('{path}', header = false, "
                 "columns = {'caller': 'BIGINT', 'called_at': 'TIMESTAMP'})")
    duck.execute('CHECKPOINT')
    os.remove(path)
    return duck


def duck_seconds(duck, query):
    started = time.perf_counter()
    duck.execute(counted(query)).fetchall()
    return time.perf_counter() - started


def check_agreement(duck):
    """All methods must find the same callers at the same times."""
    found = {}
    for name, query in (('lag', NATIVE_LAG_PG), ('window', NATIVE_WINDOW), ('engage', OURS), ('stored', STORED)):
        found[name] = psql(CHECKSUM % query)
    if len(set(found.values())) != 1:
        sys.exit(f'the methods disagree: {found}')
    ours = int(found['engage'].split('|')[0])
    for name, query in (('DuckDB lag', NATIVE_LAG), ('DuckDB window', NATIVE_WINDOW)):
        rows = duck.execute(f'SELECT count(*) FROM ({query}) q').fetchone()[0]
        if rows != ours:
            sys.exit(f'{name} finds {rows}, engage {ours}')
    return ours


def detection(contacts):
    duck = prepare(contacts)
    met = check_agreement(duck)
    callers, size = psql("SELECT count(*), pg_size_pretty(pg_table_size('contacts')) FROM timelines").split('|')
    say(f'## Detection: {contacts:,} contacts of {callers} callers, heap {size}, {met} callers and criteria met\n')
    methods = {
        'SELECT count(caller)': lambda: seconds('SELECT count(caller) FROM contacts'),
        'native window SQL': lambda: seconds(counted(NATIVE_WINDOW)),
        'native lag SQL': lambda: seconds(counted(NATIVE_LAG_PG)),
        f'DuckDB {duckdb.__version__} window SQL': lambda: duck_seconds(duck, NATIVE_WINDOW),
        f'DuckDB {duckdb.__version__} lag SQL': lambda: duck_seconds(duck, NATIVE_LAG),
        'engage, from the heap': lambda: seconds(counted(OURS)),
        'engage, from the heap, serial': lambda: seconds('SET max_parallel_workers_per_gather = 0', counted(OURS)),
        'engage, from the heap, work_mem 4 MB': lambda: seconds("SET work_mem = '4MB'", counted(OURS)),
        'engage, from the heap, callers as text': lambda: seconds(counted(OURS_TEXT)),
        'engage, from stored timelines': lambda: seconds(counted(STORED)),
    }
    times = {name: [] for name in methods}
    for _ in range(REPEATS):
        for name, method in methods.items():
            times[name].append(method())
    base = statistics.median(times['engage, from the heap'])
    rows = [('method', 'median s', 'min s', 'max s', 'times engage from the heap')]
    for name, values in times.items():
        rows.append((name, f'{statistics.median(values):.3f}', f'{min(values):.3f}', f'{max(values):.3f}',
                     f'{statistics.median(values) / base:.2f}'))
    table(rows)
    duck.close()
    os.remove(os.path.join(RESULTS, 'contacts.duckdb'))


CONTACT = f"""
SELECT 'bench', 'c' || id, called_at, CASE WHEN id % 3 = 0 THEN '999_voice' ELSE '101_voice' END, {NUMBER}
FROM contacts"""

# When new contacts are: the day after the last of the others, each batch in an hour of its own.
NEXT_DAY = "timestamptz '2026-01-01 06:00+00' + batch * interval '1 hour' + g * interval '1 s'"


def register(contacts):
    psql("SELECT engage.setup(rules => 'kent_v1')")
    loaded = load(CONTACT, 'source, source_ref, occurred_at, channel, number_raw')
    first = seconds('CALL engage.refresh(20000)')
    callers, flags = psql('SELECT (SELECT count(*) FROM engage.caller), (SELECT count(*) FROM engage.flag)').split('|')
    psql('VACUUM ANALYZE')
    say(f'## Register: {contacts:,} contacts, {callers} callers, {flags} flags\n')
    thousand = refreshes(1000, contacts, range(5), NEXT_DAY)
    one = refreshes(1, contacts, range(5, 10), NEXT_DAY)
    problems = psql('SELECT count(*) FROM engage.verify(0.02)')
    per_second, median, p99 = lookups()
    table([('work', 'figure'),
           ('first load: COPY', f'{loaded:.1f} s'),
           ('first load: refresh', f'{first:.1f} s'),
           ('first load, both', f'{contacts / (loaded + first):,.0f} contacts a second'),
           ('refresh after 1,000 new contacts', median_and_most(thousand)),
           ('refresh after 1 new contact', median_and_most(one)),
           ('lookup', f'{per_second:,.0f} a second, median {median:.2f} ms, p99 {p99:.2f} ms (2 clients)'),
           ('verify(0.02)', f'{problems} problems')])


LOOKUP = r"""
\set caller random(1, :n)
SELECT engage.lookup('0' || CASE WHEN :caller % 2 = 0 THEN 1632 ELSE 1222 END
    || lpad((:caller % 1000000)::text, 6, '0'));
"""


def lookups():
    """Lookups a second, and their median and 99th percentile in milliseconds."""
    script, prefix = os.path.join(RESULTS, 'lookup.sql'), os.path.join(RESULTS, 'lookup_log')
    with open(script, 'w') as out:
        out.write(LOOKUP)
    run = ['pgbench', '-n', '-M', 'prepared', '-c', '2', '-j', '1', '-D', 'n=1800000', '-f', script, DATABASE]
    subprocess.run([*run, '-T', '3'], check=True, capture_output=True)
    out = subprocess.run([*run, '-T', '15', '-l', '--log-prefix', prefix],
                         check=True, capture_output=True, text=True).stdout
    latencies = []
    for name in os.listdir(RESULTS):
        if name.startswith('lookup_log'):
            with open(os.path.join(RESULTS, name)) as log:
                latencies += [int(line.split()[2]) / 1000 for line in log]
            os.remove(os.path.join(RESULTS, name))
    os.remove(script)
    latencies.sort()
    return (float(re.search(r'tps = ([\d.]+)', out).group(1)), statistics.median(latencies),
            latencies[int(len(latencies) * 0.99)])


def main():
    say(machine(f'DuckDB {duckdb.__version__} with 2 threads') + f'; medians of {REPEATS}\n')
    for contacts in sizes():
        detection(contacts)
        register(contacts)


if __name__ == '__main__':
    main()
