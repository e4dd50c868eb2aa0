# What others do while a refresh is held at a point: nobody waits for it, and
# whatever overtakes it is in line at the end.

use strict;
use warnings FATAL => 'all';
use EngageTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('overtaken');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "log_statement = none\ntimezone = 'UTC'\n");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE overtaken');
$node->safe_psql('overtaken', q{CREATE EXTENSION engage; SELECT engage.setup(); CREATE ROLE olga LOGIN IN ROLE engage_operator});
install_waits($node, 'overtaken');
$node->safe_psql(
	'overtaken', q{
	CREATE TABLE chaos.held (point text);
	GRANT SELECT ON chaos.held TO PUBLIC;
	CREATE OR REPLACE FUNCTION chaos.wait(point text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
	BEGIN
		WHILE EXISTS (SELECT FROM chaos.held h WHERE h.point = wait.point) LOOP
			PERFORM set_config('application_name', 'held ' || point, false);
			PERFORM pg_sleep(0.01);
		END LOOP;
		PERFORM set_config('application_name', 'refresh', false);
	END$$;});

my @olga = (extra_params => [ '-U', 'olga' ]);

sub value { return $node->safe_psql('overtaken', $_[0]); }

# Contacts an hour apart, from Monday 4 May.
sub calls
{
	my ($number, $first, $last) = @_;
	value("INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
		SELECT 'storm', '$number ' || g, timestamptz '2026-05-04 08:00Z' + g * interval '1 hour', '999_voice', '$number' FROM generate_series($first, $last) g");
	return;
}

sub queued { return value('SELECT count(*) FROM engage_internal.dirty'); }

sub problems { return value('SELECT count(*) FROM engage.verify()'); }

# The flags that stand of a rule.
sub flags
{
	my ($rule) = @_;
	return value("SELECT string_agg(p.number || ' ' || f.contacts, ', ' ORDER BY p.number, f.contacts)
		FROM engage.flag f JOIN engage.rule r USING (rule_id) JOIN (SELECT DISTINCT caller_id, number FROM engage.persona) p USING (caller_id)
		WHERE f.withdrawn_at IS NULL AND r.name || ' ' || r.version = '$rule'");
}

# Hold refreshes at a point and nowhere else, and wait until one is there.
sub hold
{
	my ($point) = @_;
	value("INSERT INTO chaos.held VALUES ('$point'); DELETE FROM chaos.held WHERE point <> '$point'");
	return;
}

sub wait_until_held
{
	my ($point) = @_;
	poll("a refresh to be held $point", sub { value("SELECT pid FROM pg_stat_activity WHERE application_name = 'held $point'") });
	return;
}

# Start a refresh in the background and wait until it is held.
sub held_refresh
{
	my ($point) = @_;
	my $session = session($node, 'overtaken', @olga);

	hold($point);
	$session->query_until(qr/begun/, "\\echo begun\nCALL engage.refresh();\n\\echo ended\n");
	wait_until_held($point);
	return $session;
}

# Let it go on to its end.
sub finish
{
	my ($session) = @_;
	value('DELETE FROM chaos.held');
	$session->query_until(qr/ended/, '');
	is($session->{stderr}, '', 'it ends well');
	$session->quit;
	is(queued(), '0', 'the queue is empty');
	is(problems(), '0', 'nothing is wrong');
	return;
}

# ------------------------------------------------------- nobody waits for it

calls('07700900001', 1, 6);
my $refresh = held_refresh('before the commit');
value("SET statement_timeout = '60s'; INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
	VALUES ('storm', 'now', now(), '999_voice', '07700900001')");
pass('a writer does not wait for a refresh');
is( value("SET statement_timeout = '60s'; SELECT known, contacts_24_hours, contacts_28_days, open_flags FROM engage.lookup('07700 900001')"),
	't|1|1|0', 'nor does a look-up, which counts what is not refreshed yet');
is(value("SET statement_timeout = '60s'; UPDATE engage.rule SET description = 'As adopted'; INSERT INTO engage.known_number VALUES ('+447700900009', 'payphone'); SELECT count(*) FROM engage.health() WHERE status = 'failed'"),
	'0', 'nor do administrators');
finish($refresh);
is(flags('kent 2'), '+447700900001 6', 'its flag is raised');

# ---------------------------------------- contacts move while it has its snapshot

my $writer = session($node, 'overtaken');
$writer->query_safe("BEGIN; UPDATE engage.contact SET number_raw = '07700900002' WHERE source_ref LIKE '07700900001%'");
calls('07700900003', 1, 3);
$refresh = held_refresh('between the queue and contacts');
$writer->query_safe('COMMIT');
$writer->quit;
is(problems(), '0', 'at that moment too, what has no queue row is right');
finish($refresh);
is(flags('kent 2'), '+447700900002 6', 'contacts of another number count there');
is(value("SELECT withdrawn_reason FROM engage.flag WHERE withdrawn_at IS NOT NULL"), 'its contacts no longer meet the rule', 'and the flag that they leave is withdrawn');

# ------------------------------- a caller waits by itself and with its personas

value(q{INSERT INTO engage.rule (name, version, kind, criteria) VALUES ('four', 1, 'criteria', '{4 in 1 day}')});
calls('07700900002', 7, 7);
value('CALL engage.refresh()');
is(flags('four 1'), '+447700900002 7', 'a new rule and a new contact of a caller at once: one flag an episode');
is(problems(), '0', 'nothing is wrong');

# -------------------------- a top rule counts contacts that go before their turn

value(q{UPDATE engage.rule SET valid_to = '2026-01-01'});
value(q{INSERT INTO engage.rule (name, version, kind, top_n, top_period) VALUES ('top', 1, 'top', 1, 'week')});
value('CALL engage.refresh()');
calls('07700900003', 4, 8);
$refresh = held_refresh('between personas and periods');
calls('07700900003', 9, 9);
hold('between lock and work');
wait_until_held('between lock and work');
is(flags('top 1'), '+447700900003 9', 'a top rule counts a contact that waits');
value(q{DELETE FROM engage.contact WHERE source_ref = '07700900003 9'});
finish($refresh);
is(flags('top 1'), '+447700900003 8', 'and no longer when it is gone');

# --------------------------------- the zone changes while periods are in the queue

value(q{INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
	SELECT 'sunday', g::text, timestamptz '2026-05-10 11:30Z' + g * interval '1 hour', '999_voice', '07700900004' FROM generate_series(1, 12) g});
value(q{INSERT INTO engage.rule (name, version, kind, top_n, top_period) VALUES ('top', 2, 'top', 1, 'day')});
$refresh = held_refresh('between personas and periods');
value(q{UPDATE engage.policy SET zone = 'Pacific/Apia'});
finish($refresh);
is(flags('top 2'), '+447700900002 2, +447700900003 2, +447700900003 6, +447700900004 12', 'every day is one of the new zone');
# as when its row came to lie behind those of the new zone
value(q{INSERT INTO engage_internal.dirty (subject, rule_id, period_start, cause)
	SELECT 'period', rule_id, '2026-05-03 23:00Z', 'test' FROM engage.rule WHERE (name, version) = ('top', 2)});
value('CALL engage.refresh()');
is(problems(), '0', 'and a period of the old zone changes nothing');
value(q{UPDATE engage.policy SET zone = 'Europe/London'; CALL engage.refresh()});
is(problems(), '0', 'and back: nothing is wrong');
is(value(q{SELECT count(*), count(DISTINCT (f.rule_id, f.caller_id, engage.period_start(f.started_at, r.top_period, 'Europe/London')))
	FROM engage.flag f JOIN engage.rule r USING (rule_id) WHERE f.withdrawn_at IS NULL AND r.kind = 'top'}) =~ s/(\d+)\|\1/same/r, 'same', 'a caller has one flag a period');

# ------------------------------------------------------------- TRUNCATE and verify

# A part that the planner leaves as a function of its own would lock its tables after verify() has its snapshot.
foreach my $part (split /\n/, value(q{SELECT format('%I(%s)', p.proname, rtrim(repeat('NULL,', p.pronargs), ',')) FROM pg_proc p
	WHERE p.pronamespace = 'engage_internal'::regnamespace AND p.proname ~ '^(verify|waiting)_' ORDER BY 1}))
{
	unlike(value("EXPLAIN SELECT * FROM engage_internal.$part"), qr/Function Scan on (?:verify|waiting)_/, "$part becomes part of the query of verify()");
}

my $owner = session($node, 'overtaken');
$owner->query_safe('BEGIN; TRUNCATE engage.contact');
my $verifier = session($node, 'overtaken', @olga);
$verifier->query_until(qr/begun/, "\\echo begun\nSELECT count(*) || ' problems' FROM engage.verify();\n");
poll('verify() to wait', sub { value("SELECT count(*) FROM pg_stat_activity WHERE usename = 'olga' AND wait_event_type = 'Lock'") });
$owner->query_safe('COMMIT');
like($verifier->query_until(qr/problems/, ''), qr/^0 problems/m, 'a TRUNCATE that verify() waits for is no false alarm');
$_->quit for ($owner, $verifier);
value('CALL engage.refresh()');
is(value('SELECT (SELECT count(*) FROM engage.persona), (SELECT count(*) FROM engage.flag WHERE withdrawn_at IS NULL), (SELECT count(*) FROM engage.caller WHERE contacts > 0)'),
	'0|0|0', 'after it nothing is left');

# -------------------------------------------------- a run from before the server

value('INSERT INTO engage.refresh_run (started_at, pid) SELECT pg_postmaster_start_time() - interval $$1 second$$, pid FROM pg_stat_activity WHERE backend_type = $$checkpointer$$');
value('CALL engage.refresh()');
is(value('SELECT count(*) FROM engage.refresh_run WHERE state = $$running$$'), '0', 'a run from before the server is dead, even where its process id is in use again');

# ------------------------------------------------------------------ on a standby

calls('07700900005', 1, 6);
value('CALL engage.refresh()');
$node->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'backup', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is($standby->safe_psql('overtaken', 'SELECT count(*) FROM engage.verify()'), '0', 'verify() works on a standby');
is($standby->safe_psql('overtaken', q{SELECT known, e164 FROM engage.lookup('07700 900005')}), 't|+447700900005', 'a look-up too');
cmp_ok($standby->safe_psql('overtaken', 'SELECT count(*) FROM engage.health()'), '>', 8, 'and health()');
fails_with($standby, 'overtaken', 'CALL engage.rebuild();', '25006', undef, 'a rebuild does not');
$standby->stop;

$node->stop;
done_testing();
