"""Lookups of numbers that many personas have, and what the key of a persona costs.

Usage: script/bench lookup [PERSONAS]   (default: 50000)

Autovacuum is off, so that "before VACUUM" is what stands there.
"""
import statistics
import sys

from harness import make_database, psql, say, seconds, table

REPEATS = 41
PERSONAS = int(sys.argv[1]) if len(sys.argv) > 1 else 50000

# name, number, contacts, over how long, and whether each is of a persona of its own
NUMBERS = (
    ('50 days', '07700 900555', PERSONAS, '50 days', True),
    ('5 years', '07700 900556', PERSONAS, '5 years', True),
    ('one persona, 20 times as many contacts, 5 years', '07700 900557', 20 * PERSONAS, '5 years', False),
    ('one persona, 20 times as many contacts, 50 days', '07700 900558', 20 * PERSONAS, '50 days', False),
    ('an ordinary number', '07700 900559', 9, '50 days', False),
)

LOOKUP = """
CREATE TEMP TABLE took (ms float8);
DO $$
DECLARE
    started timestamptz;
BEGIN
    FOR i IN 0..{repeats} LOOP
        started := clock_timestamp();
        PERFORM * FROM engage.lookup('{number}');
        IF i > 0 THEN
            INSERT INTO took VALUES (extract(epoch FROM clock_timestamp() - started) * 1000);
        END IF;
    END LOOP;
END
$$"""


def look_up(number):
    took = psql(LOOKUP.format(repeats=REPEATS, number=number), 'SELECT ms FROM took').split()
    times = [float(ms) for ms in took]
    return f'{statistics.median(times):.2f} ({min(times):.2f} to {max(times):.2f})'


def insert(number, contacts, over, many):
    """Contacts of a number: each of a persona of its own, or all of one."""
    given, family = ("'N' || md5(g::text)", "'F' || md5((g * 7)::text)") if many else ('NULL', 'NULL')
    psql(f"""
INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, given_name, family_name)
SELECT '{number}', g, now() - random() * interval '{over}', '101_voice', '{number}', {given}, {family}
FROM generate_series(1, {contacts}) g""")


def measure_keys():
    """How long the keys of a million numbers take, and the contacts of them."""
    psql("CREATE TABLE number AS SELECT '0163' || lpad(g::text, 7, '0') AS raw FROM generate_series(1, 1000000) g",
         'VACUUM ANALYZE number')
    psql('SELECT count(raw) FROM number')
    key = 'engage.persona_key(raw, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)'
    keyed = seconds('SET max_parallel_workers_per_gather = 0', f'SELECT count({key}) FROM number')
    say(f'persona_key of 1 M numbers: {keyed:.2f} s')
    inserted = seconds("""
INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
SELECT 'load', raw, now() - interval '100 days', '101_voice', raw FROM number""")
    say(f'INSERT of 1 M contacts: {inserted:.2f} s\n')
    psql('TRUNCATE engage.contact', 'TRUNCATE engage_internal.dirty')


def main():
    make_database()
    psql('CREATE EXTENSION engage', 'SELECT engage.setup()')
    measure_keys()
    for _, *number in NUMBERS:
        insert(*number)
    before = [look_up(number) for _, number, *_ in NUMBERS]
    psql('VACUUM ANALYZE engage.contact')
    after = [look_up(number) for _, number, *_ in NUMBERS]
    psql('CALL engage.refresh()')
    refreshed = [look_up(number) for _, number, *_ in NUMBERS]
    names = [name for name, *_ in NUMBERS]
    table([('number', 'before VACUUM, ms', 'after it, ms', 'after a refresh, ms'),
           *zip(names, before, after, refreshed)])


if __name__ == '__main__':
    main()
