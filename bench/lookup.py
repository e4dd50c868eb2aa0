"""Lookups of numbers that many personas have, and what the key of a persona costs.

Usage: script/bench lookup [PERSONAS]   (default: 50000)

Autovacuum is off, so that "before VACUUM" is what stands there.
"""
import re
import statistics
import subprocess
import sys

REPEATS = 41
PERSONAS = int(sys.argv[1]) if len(sys.argv) > 1 else 50000

# number, contacts for each persona (0: all of one), over how long
NUMBERS = (
    ('50 days', '07700 900555', PERSONAS, '50 days', True),
    ('5 years', '07700 900556', PERSONAS, '5 years', True),
    ('one persona, 20 times as many contacts, 5 years', '07700 900557', 20 * PERSONAS, '5 years', False),
    ('one persona, 20 times as many contacts, 50 days', '07700 900558', 20 * PERSONAS, '50 days', False),
    ('an ordinary number', '07700 900559', 9, '50 days', False),
)

INSERT = """INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, given_name, family_name)
SELECT '{number}', g, now() - random() * interval '{over}', '101_voice', '{number}', {given}, {family}
FROM generate_series(1, {contacts}) g"""

LOOKUP = """DO $$
DECLARE
    started timestamptz;
BEGIN
    FOR i IN 0..{repeats} LOOP
        started := clock_timestamp();
        PERFORM * FROM engage.lookup('{number}');
        IF i > 0 THEN
            RAISE NOTICE 'took % ms', extract(epoch FROM clock_timestamp() - started) * 1000;
        END IF;
    END LOOP;
END
$$"""


def psql(*statements):
    """Run statements in one session; return both streams."""
    arguments = ['psql', '-qAtX', '-v', 'ON_ERROR_STOP=1', '-d', 'lookup', '-c', r'\timing on']
    for statement in statements:
        arguments += ['-c', statement]
    done = subprocess.run(arguments, check=True, capture_output=True, text=True)
    return done.stdout + done.stderr


def seconds(statement):
    return float(re.findall(r'Time: ([\d.]+) ms', psql(statement))[-1]) / 1000


def look_up(number):
    took = [float(ms) for ms in re.findall(r'took ([\d.]+) ms', psql(LOOKUP.format(repeats=REPEATS, number=number)))]
    return f'{statistics.median(took):.2f} ({min(took):.2f} to {max(took):.2f})'


def table(rows):
    for number, row in enumerate(rows):
        print('| ' + ' | '.join(row) + ' |', flush=True)
        if number == 0:
            print('|' + '---|' * len(row), flush=True)


def main():
    subprocess.run(['dropdb', '--if-exists', '--force', 'lookup'], check=True, capture_output=True)
    subprocess.run(['createdb', 'lookup'], check=True)
    psql('CREATE EXTENSION engage', 'SELECT engage.setup()')
    psql("CREATE TABLE number AS SELECT '0163' || lpad(g::text, 7, '0') AS raw FROM generate_series(1, 1000000) g", 'VACUUM ANALYZE number')
    psql('SELECT count(raw) FROM number')
    key = 'engage.persona_key(raw, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)'
    print(f'persona_key of 1 M numbers: {seconds(f"SET max_parallel_workers_per_gather = 0; SELECT count({key}) FROM number"):.2f} s', flush=True)
    copied = seconds("INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw) "
                     "SELECT 'load', raw, now() - interval '100 days', '101_voice', raw FROM number")
    print(f'INSERT of 1 M contacts: {copied:.2f} s', flush=True)
    psql('TRUNCATE engage.contact', 'TRUNCATE engage_internal.dirty')
    for _, number, contacts, over, many in NUMBERS:
        psql(INSERT.format(number=number, contacts=contacts, over=over, given="'N' || md5(g::text)" if many else 'NULL',
                           family="'F' || md5((g * 7)::text)" if many else 'NULL'))
    rows = [('number', 'before VACUUM, ms', 'after it, ms', 'after a refresh, ms')]
    before = [look_up(number) for _, number, *_ in NUMBERS]
    psql('VACUUM ANALYZE engage.contact')
    after = [look_up(number) for _, number, *_ in NUMBERS]
    psql('CALL engage.refresh()')
    refreshed = [look_up(number) for _, number, *_ in NUMBERS]
    for i, (name, *_) in enumerate(NUMBERS):
        rows.append((name, before[i], after[i], refreshed[i]))
    table(rows)


main()
