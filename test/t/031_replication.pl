# Logical replication into the register: rows that a subscription applies, for
# which the server fires no statement triggers, are queued all the same.

use strict;
use warnings FATAL => 'all';
use EngageTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = engage_node('replication', "wal_level = logical\nmax_wal_senders = 8\nmax_replication_slots = 8\nshared_buffers = '32MB'\n");

$node->safe_psql('postgres', 'CREATE DATABASE there; CREATE DATABASE here');
$node->safe_psql($_, 'CREATE EXTENSION engage; SELECT engage.setup()') for ('there', 'here');

sub there { return $node->safe_psql('there', $_[0]); }

sub here { return $node->safe_psql('here', $_[0]); }

sub say_there
{
	my ($first, $last, $number) = @_;
	there("INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
		SELECT 'test', '$number ' || g, now() - g * interval '1 minute', '101_voice', '$number' FROM generate_series($first, $last) g");
	return;
}

# What was done there has arrived here, and the queue was told.
sub arrived
{
	$node->wait_for_catchup('feed');
	return here('SELECT string_agg(DISTINCT subject, $$ $$ ORDER BY subject) FROM engage_internal.dirty');
}

sub wrong { return here('SELECT count(*) FROM engage.verify()'); }

# ------------------------------------------------------- contacts that were there

my $tables = join ', ', map { "engage.$_" } ('contact', 'known_number', 'filler', 'district', 'marker_kind');
there("CREATE PUBLICATION feed FOR TABLE $tables");
there("ALTER TABLE $_ REPLICA IDENTITY FULL") for split /, /, $tables;
say_there(1, 6, '07700900101');
here('DELETE FROM engage.marker_kind');
here('CALL engage.refresh()');
# in one server, a subscription cannot make its own slot
there(q{SELECT pg_create_logical_replication_slot('feed', 'pgoutput')});
my $connstr = $node->connstr . ' dbname=there';
here("CREATE SUBSCRIPTION feed CONNECTION '$connstr' PUBLICATION feed WITH (create_slot = false, slot_name = 'feed')");
poll('the tables to be copied', sub { here(q{SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'}) eq '0' });
is(here('SELECT count(*) FROM engage.contact'), 6, 'contacts that were there are copied');
here('CALL engage.refresh()');
is(here('SELECT contacts FROM engage.repeat_caller'), 6, 'and their caller is flagged');
is(wrong(), 0, 'verify() finds nothing');

# ------------------------------------------------------- rows that are applied

say_there(1, 6, '07700900102');
like(arrived(), qr/^day persona$/, 'M3: inserted rows that are applied are queued');
here('CALL engage.refresh()');
is(here('SELECT count(*) FROM engage.repeat_caller'), 2, 'M3: and their caller is flagged');

there(q{UPDATE engage.contact SET number_raw = '07700900103' WHERE source_ref LIKE '07700900102%'});
like(arrived(), qr/persona/, 'M3: updated rows are queued');
here('CALL engage.refresh()');
is(here(q{SELECT string_agg(p.number, ' ' ORDER BY p.number) FROM engage.repeat_caller r JOIN engage.persona p USING (caller_id)}),
	'+447700900101 +447700900103', 'M3: with what they were before');

there(q{DELETE FROM engage.contact WHERE source_ref LIKE '07700900102%'});
like(arrived(), qr/persona/, 'M3: deleted rows are queued');
here('CALL engage.refresh()');
is(here('SELECT count(*) FROM engage.repeat_caller'), 1, 'M3: and the flag withdrawn');

there('TRUNCATE engage.contact');
like(arrived(), qr/everything/, 'M3: so is a TRUNCATE');
here('CALL engage.refresh()');
is(here('SELECT count(*) FROM engage.repeat_caller'), 0, 'M3: nobody is left');
is(wrong(), 0, 'M3: verify() finds nothing');

# ------------------------------------------------------- what the force sets

say_there(1, 6, '07700900104');
arrived();
here('CALL engage.refresh()');
there(q{INSERT INTO engage.known_number (number, sharing) VALUES ('+447700900104', 'payphone')});
like(arrived(), qr/number/, 'M3: known numbers that are applied are queued');
here('CALL engage.refresh()');
is(here('SELECT count(*) FROM engage.repeat_caller'), 0, 'M3: and count');
there(q{INSERT INTO engage.district (district, label) VALUES ('N', 'North')});
like(arrived(), qr/^day roster$/, 'M3: so are districts');
there(q{INSERT INTO engage.filler (kind, value) VALUES ('name', 'Zzyzx')});
like(arrived(), qr/filler/, 'M3: and fillers');
there(q{UPDATE engage.marker_kind SET is_sensitive = true WHERE marker = 'hoax'});
arrived();
here('CALL engage.refresh()');
is(wrong(), 0, 'M3: verify() finds nothing');
is(here(q{SELECT string_agg(item, ' ') FROM engage.health() WHERE status = 'failed'}), '', 'M3: health() has nothing that failed');

# what refresh makes cannot come from elsewhere
there('ALTER PUBLICATION feed ADD TABLE engage.flag');
here('ALTER SUBSCRIPTION feed REFRESH PUBLICATION WITH (copy_data = false)');
is(here(q{SELECT status || ' | ' || value FROM engage.health() WHERE item = 'replication'}),
	'failed | subscription "feed" writes to flag, which refresh makes', 'M3: health() names a subscription to what refresh makes');
there('ALTER PUBLICATION feed DROP TABLE engage.flag');
here('ALTER SUBSCRIPTION feed REFRESH PUBLICATION');
is(here(q{SELECT count(*) FROM engage.health() WHERE item = 'replication'}), 0, 'M3: and is silent when that is cured');

# an ordinary session that replicates, as some tools' do
here(q{SET session_replication_role = replica; INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
	SELECT 'tool', g::text, now(), '101_voice', '07700900105' FROM generate_series(1, 6) g});
here('CALL engage.refresh()');
is(here('SELECT count(*) FROM engage.repeat_caller'), 1, 'a session that replicates is seen too');
is(wrong(), 0, 'verify() finds nothing');

here(q{ALTER SUBSCRIPTION feed DISABLE; ALTER SUBSCRIPTION feed SET (slot_name = NONE); DROP SUBSCRIPTION feed});
$node->stop;
done_testing();
