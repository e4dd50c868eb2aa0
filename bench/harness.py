"""What the measurements share: statements and their times, databases, contacts to load, tables of results.

script/bench says where the server is (PGHOST and its like), where results go (ENGAGE_RESULTS) and where the server's
data are (ENGAGE_DATA).
"""
import os
import re
import statistics
import subprocess
import sys

DATABASE = 'bench'
RESULTS = os.environ['ENGAGE_RESULTS']
os.environ['PGTZ'] = 'UTC'

# ------------------------------------------------------------------ statements


def timed(*statements, database=DATABASE, login=None):
    """Run statements in one session; return what they printed, and the seconds of each."""
    command = ['psql', '-qAtX', '-v', 'ON_ERROR_STOP=1', '-d', database]
    if login:
        command += ['-U', login]
    for statement in (r'\timing on', *statements):
        command += ['-c', statement]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f'{statements[-1]} failed:\n{ran.stderr}')
    times = re.findall(r'^Time: ([\d.]+) ms', ran.stdout, re.MULTILINE)
    return re.sub(r'^Time: .*\n?', '', ran.stdout, flags=re.MULTILINE).strip(), [float(ms) / 1000 for ms in times]


def psql(*statements, **where):
    """What the statements printed."""
    return timed(*statements, **where)[0]


def seconds(*statements, **where):
    """How long the last of the statements took."""
    return timed(*statements, **where)[1][-1]


def make_database(name=DATABASE, *options):
    subprocess.run(['dropdb', '--if-exists', '--force', name], check=True, capture_output=True)
    subprocess.run(['createdb', *options, name], check=True)


# -------------------------------------------------------------------- contacts

# Of area codes that nobody can be reached on: 01632, which is kept for drama, and 01222, which was withdrawn.
NUMBER = "'0' || CASE WHEN caller < 1000000 THEN 1632 ELSE 1222 END || lpad((caller % 1000000)::text, 6, '0')"


def contacts_of_callers(contacts):
    """FROM: the contacts g, 1 to n, with their caller and 63 random bits h; 18 callers per 100 contacts, a few of whom
    make most of them."""
    return f"""
FROM (SELECT {contacts}::bigint AS n, ({contacts} * 0.18)::bigint AS callers) s,
    LATERAL generate_series(1, n) g,
    LATERAL (SELECT hashint8extended(g, 4) & 9223372036854775807 AS h,
        (hashint8extended(g, 1) & 9007199254740991) / 9007199254740992.0::float8 AS u) r,
    LATERAL (SELECT CASE WHEN g <= callers THEN (g * 7919) % callers
        ELSE floor(callers * power(u, 3)) END::bigint AS caller) c"""


def recent_contacts(contacts, over):
    """The same with their time: over so many seconds up to now, each caller active for a part of their own."""
    return contacts_of_callers(contacts) + f""",
    LATERAL (SELECT 1 + (hashint8extended(caller, 6) & 2147483647) % {over} AS start,
        31536000 * power((hashint8extended(caller, 7) & 65535) / 65536.0, 2) AS span) a,
    LATERAL (SELECT date_trunc('minute', now()) - (start * (1 - (hashint8extended(g, 2) & 1048575) / 1048576.0
        * least(1, span / start))) * interval '1 s' AS at) t"""


def load(query, columns):
    """Copy what a query gives into engage.contact, through a file; return the seconds of that COPY."""
    path = os.path.join(RESULTS, 'load.csv')
    psql(rf"\copy ({query} ) TO '{path}' (FORMAT csv)".replace('\n', ' '))
    took = seconds(rf"\copy engage.contact ({columns}) FROM '{path}' (FORMAT csv)")
    os.remove(path)
    return took


def refreshes(new, contacts, batches, at='now()'):
    """How long the refreshes take that follow so many new contacts each, of numbers that the first contacts had."""
    took = []
    for batch in batches:
        psql(f"""
INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, handling_seconds)
SELECT 'new', batch || '-' || g, {at}, '101_voice', c.number_raw, 300
FROM (SELECT {batch} AS batch) b, generate_series(1, {new}) g,
    LATERAL (SELECT c.number_raw FROM engage.contact c
        WHERE c.contact_id = 1 + (hashint8extended(g, batch) & 2147483647) % {contacts}) c""")
        took.append(seconds('CALL engage.refresh()'))
    return took


# ---------------------------------------------------------------------- output


def say(*parts):
    print(*parts, flush=True)


def table(rows):
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    for number, row in enumerate(rows):
        say('| ' + ' | '.join(str(cell).ljust(width) for cell, width in zip(row, widths)) + ' |')
        if number == 0:
            say('|' + '|'.join('-' * (width + 2) for width in widths) + '|')
    say()


def median_and_most(times):
    return f'{statistics.median(times):.3f} s median, {max(times):.3f} s at most of {len(times)}'


def machine(*others):
    """The versions and processors that figures are of."""
    version = psql('SHOW server_version', database='postgres')
    return ', '.join([f'PostgreSQL {version}', *others, f'{os.cpu_count()} processors'])


def sizes():
    """Numbers of contacts from the command line."""
    return [int(argument) for argument in sys.argv[1:]] or [1000000, 10000000]
