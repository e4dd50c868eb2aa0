"""Who met '5 in 1 day' or '10 in 7 days', and the register behind it.

Usage: script/bench detection [CONTACTS ...]   (default: 1000000 10000000)

Every method runs REPEATS times in turn with the others; the table gives
medians and their ratio to the aggregate from the heap.  All methods give each
caller and criterion met with the time it was first met, and are checked to
agree; engage gives last time, episodes and peak besides.

Numbers are of area codes that nobody can be reached on: 01632, which is kept
for drama, and 01222, which was withdrawn.
"""
import os
import re
import statistics
import subprocess
import sys
import time

import duckdb

REPEATS = 3
RESULTS = os.environ['ENGAGE_RESULTS']
DATABASE = 'bench'
CRITERIA = (('5 in 1 day', 5, '1 day', '23:59:59.999999'),
            ('10 in 7 days', 10, '7 days', '6 days 23:59:59.999999'))

GENERATE = """
CREATE UNLOGGED TABLE contacts AS
SELECT g AS id,
    CASE WHEN g <= callers THEN (g * 7919) %% callers
         ELSE floor(callers * power(u.u, 3)) END::bigint AS caller,
    timestamptz '2025-01-01 00:00+00'
        + ((g * 31557600.0 / n)::bigint + (abs(hashint8extended(g, 2)) %% 600)) * interval '1 s' AS called_at
FROM (SELECT %(n)s::bigint AS n, (%(n)s * 0.18)::bigint AS callers) s,
    LATERAL generate_series(1, n) g,
    LATERAL (SELECT (hashint8extended(g, 1) & 9007199254740991) / 9007199254740992.0::float8 AS u) u
"""

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
WHERE CASE criterion WHEN '5 in 1 day' THEN called_at - five < INTERVAL '1 day' ELSE called_at - ten < INTERVAL '7 days' END
GROUP BY caller, criterion"""

# PostgreSQL's planner needs the filter before the cross join, DuckDB's does not mind.
NATIVE_LAG_PG = """
WITH l AS (SELECT caller, called_at, lag(called_at, 4) OVER w AS five, lag(called_at, 9) OVER w AS ten FROM contacts
    WINDOW w AS (PARTITION BY caller ORDER BY called_at))
SELECT caller, '5 in 1 day' AS criterion, min(called_at) AS first_met_at FROM l WHERE called_at - five < interval '1 day' GROUP BY caller
UNION ALL
SELECT caller, '10 in 7 days', min(called_at) FROM l WHERE called_at - ten < interval '7 days' GROUP BY caller"""

OURS = """SELECT m.caller, m.criterion::text, m.first_met_at
FROM (SELECT engage.repeat_callers(caller, called_at, '{5 in 1 day, 10 in 7 days}') AS met FROM contacts) r, unnest(r.met) m"""

OURS_TEXT = """SELECT m.caller, m.criterion::text, m.first_met_at
FROM (SELECT engage.repeat_callers(caller::text, called_at, '{5 in 1 day, 10 in 7 days}') AS met FROM contacts) r, unnest(r.met) m"""

STORED = """SELECT caller, '5 in 1 day' AS criterion, engage.first_met(t, '5 in 1 day') AS first_met_at
FROM timelines WHERE engage.meets(t, '5 in 1 day')
UNION ALL SELECT caller, '10 in 7 days', engage.first_met(t, '10 in 7 days')
FROM timelines WHERE engage.meets(t, '10 in 7 days')"""

CHECKSUM = "SELECT count(*), md5(string_agg(x::text, ',' ORDER BY caller, criterion)) FROM (%s) x"


def psql(*statements, database=DATABASE):
    """Run statements in one session; return the output and the last one's seconds."""
    arguments = ['psql', '-qAtX', '-v', 'ON_ERROR_STOP=1', '-d', database]
    for statement in statements[:-1]:
        arguments += ['-c', statement]
    arguments += ['-c', r'\timing on', '-c', statements[-1]]
    out = subprocess.run(arguments, check=True, capture_output=True, text=True,
                         env={**os.environ, 'PGTZ': 'UTC'}).stdout
    times = re.findall(r'^Time: ([\d.]+) ms', out, re.M)
    return re.sub(r'^Time: .*\n?', '', out, flags=re.M).strip(), float(times[-1]) / 1000


def counted(query):
    """The same query for timing: the rows are made, and only counted."""
    return f'SELECT count(*), max(first_met_at) FROM ({query}) q'


def say(*parts):
    print(*parts, flush=True)


def table(rows):
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    for number, row in enumerate(rows):
        say('| ' + ' | '.join(str(cell).ljust(width) for cell, width in zip(row, widths)) + ' |')
        if number == 0:
            say('|' + '|'.join('-' * (width + 2) for width in widths) + '|')
    say()


def prepare(contacts):
    subprocess.run(['dropdb', '--if-exists', '--force', DATABASE], check=True, capture_output=True)
    subprocess.run(['createdb', DATABASE], check=True)
    psql('CREATE EXTENSION engage')
    psql(GENERATE % {'n': contacts})
    psql('CREATE UNLOGGED TABLE timelines AS SELECT caller, engage.timeline_agg(called_at) AS t FROM contacts GROUP BY caller')
    psql('VACUUM ANALYZE contacts')
    psql('VACUUM ANALYZE timelines')
    path = os.path.join(RESULTS, 'contacts.csv')
    with open(path, 'w') as out:
        subprocess.run(['psql', '-qX', '-d', DATABASE, '-c',
                        "COPY (SELECT caller, called_at AT TIME ZONE 'UTC' FROM contacts) TO STDOUT (FORMAT csv)"],
                       check=True, stdout=out)
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
        found[name] = psql(CHECKSUM % query)[0]
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
    callers, size = psql("SELECT count(*) || ' callers', pg_size_pretty(pg_table_size('contacts')) FROM timelines")[0].split('|')
    say(f'## Detection: {contacts:,} contacts of {callers}, heap {size}, {met} callers and criteria met\n')
    methods = {
        'SELECT count(caller)': lambda: psql('SELECT count(caller) FROM contacts')[1],
        'native window SQL': lambda: psql(counted(NATIVE_WINDOW))[1],
        'native lag SQL': lambda: psql(counted(NATIVE_LAG_PG))[1],
        f'DuckDB {duckdb.__version__} window SQL': lambda: duck_seconds(duck, NATIVE_WINDOW),
        f'DuckDB {duckdb.__version__} lag SQL': lambda: duck_seconds(duck, NATIVE_LAG),
        'engage, from the heap': lambda: psql(counted(OURS))[1],
        'engage, from the heap, serial': lambda: psql('SET max_parallel_workers_per_gather = 0', counted(OURS))[1],
        'engage, from the heap, work_mem 4 MB': lambda: psql("SET work_mem = '4MB'", counted(OURS))[1],
        'engage, from the heap, callers as text': lambda: psql(counted(OURS_TEXT))[1],
        'engage, from stored timelines': lambda: psql(counted(STORED))[1],
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


CONTACT = """SELECT 'bench' AS source, 'c' || id AS source_ref, called_at AS occurred_at,
    CASE WHEN id %% 3 = 0 THEN '999_voice' ELSE '101_voice' END AS channel,
    '0' || CASE WHEN caller < 1000000 THEN 1632 ELSE 1222 END || lpad((caller %% 1000000)::text, 6, '0') AS number_raw
FROM contacts""".replace('%%', '%')

NEW_CONTACTS = """INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
SELECT 'new', %(batch)s || '-' || g, timestamptz '2026-01-01 06:00+00' + %(batch)s * interval '1 hour' + g * interval '1 s', '101_voice', c.number_raw
FROM generate_series(1, 1000) g,
    LATERAL (SELECT c.number_raw FROM engage.contact c WHERE c.contact_id = 1 + (hashint8extended(g, %(batch)s) & 2147483647) %% %(n)s) c"""


def register(contacts):
    path = os.path.join(RESULTS, 'load.csv')
    with open(path, 'w') as out:
        subprocess.run(['psql', '-qX', '-d', DATABASE, '-c', f'COPY ({CONTACT}) TO STDOUT (FORMAT csv)'], check=True, stdout=out)
    psql("SELECT engage.setup(rules => 'kent_v1')")
    load = psql(rf"\copy engage.contact (source, source_ref, occurred_at, channel, number_raw) FROM '{path}' (FORMAT csv)")[1]
    os.remove(path)
    first = psql('CALL engage.refresh(20000)')[1]
    callers, flags = psql('SELECT (SELECT count(*) FROM engage.caller), (SELECT count(*) FROM engage.flag)')[0].split('|')
    psql('VACUUM ANALYZE')
    say(f'## Register: {contacts:,} contacts, {callers} callers, {flags} flags\n')
    refreshes = []
    for batch in range(5):
        psql(NEW_CONTACTS % {'batch': batch, 'n': contacts})
        refreshes.append(psql('CALL engage.refresh()')[1])
    one = []
    for batch in range(5, 10):
        psql((NEW_CONTACTS % {'batch': batch, 'n': contacts}).replace('generate_series(1, 1000)', 'generate_series(1, 1)'))
        one.append(psql('CALL engage.refresh()')[1])
    problems = psql('SELECT count(*) FROM engage.verify(0.02)')[0]
    per_second, median, p99 = lookups()
    table([('work', 'figure'),
           ('first load: COPY', f'{load:.1f} s'),
           ('first load: refresh', f'{first:.1f} s'),
           ('first load, both', f'{contacts / (load + first):,.0f} contacts a second'),
           ('refresh after 1,000 new contacts', f'{statistics.median(refreshes):.3f} s median, {max(refreshes):.3f} s max of 5'),
           ('refresh after 1 new contact', f'{statistics.median(one):.3f} s median, {max(one):.3f} s max of 5'),
           ('lookup', f'{per_second:,.0f} a second, median {median:.2f} ms, p99 {p99:.2f} ms (2 clients)'),
           ('verify(0.02)', f'{problems} problems')])


def lookups():
    script = os.path.join(RESULTS, 'lookup.sql')
    with open(script, 'w') as out:
        out.write('\\set id random(1, :n)\n'
                  "SELECT engage.lookup('0' || CASE WHEN :id % 2 = 0 THEN 1632 ELSE 1222 END || lpad((:id % 1000000)::text, 6, '0'));\n")
    prefix = os.path.join(RESULTS, 'lookup_log')
    run = ['pgbench', '-n', '-M', 'prepared', '-c', '2', '-j', '1', '-D', 'n=1800000', '-f', script, DATABASE]
    subprocess.run(run + ['-T', '3'], check=True, capture_output=True)
    out = subprocess.run(run + ['-T', '15', '-l', '--log-prefix', prefix], check=True, capture_output=True, text=True).stdout
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
    sizes = [int(argument) for argument in sys.argv[1:]] or [1000000, 10000000]
    version = psql('SHOW server_version', database='postgres')[0]
    say(f'PostgreSQL {version}, DuckDB {duckdb.__version__} with 2 threads, {os.cpu_count()} processors, medians of {REPEATS}\n')
    for contacts in sizes:
        detection(contacts)
        register(contacts)


main()
