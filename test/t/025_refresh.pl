# A refresh beside other sessions: two at once, transactions that commit late,
# progress, errors, cancel, kill -9, and where it refuses to run.

use strict;
use warnings FATAL => 'all';
use EngageTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = engage_node(
	'refresh', q{
wal_level = replica
max_wal_senders = 4
hot_standby = on
restart_after_crash = on
shared_buffers = '32MB'
});

# --------------------------------------------------------------------- helpers

my $db;
my $intact;    # refresh() without a wait
my %holding;
my $refs = 0;

# Of the queue, one row a persona, and the days.
my $ONE_ROW_EACH = q{DELETE FROM engage_internal.dirty q WHERE q.subject NOT IN ('persona', 'day')
	OR EXISTS (SELECT FROM engage_internal.dirty o WHERE o.persona_key = q.persona_key AND o.ctid < q.ctid)};

# A database of its own for each topic: three callers wait to be flagged.  A
# refresh waits at a point while somebody holds it.
sub new_database
{
	($db) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->safe_psql($db, 'CREATE EXTENSION engage; SELECT engage.setup();');
	install_waits($node, $db);
	$intact = insert_at($node, $db, 'between begin and steps' => "PERFORM chaos.wait('between begin and steps'); COMMIT;");
	$node->safe_psql(
		$db, q{
		CREATE OR REPLACE FUNCTION chaos.wait(point text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
		BEGIN
			PERFORM pg_advisory_lock_shared(hashtext(point));
			PERFORM pg_advisory_unlock_shared(hashtext(point));
		END$$;});
	$node->safe_psql($db, contacts($_, 6)) for 1 .. 3;
	return;
}

# An INSERT of contacts of one caller, minutes apart.
sub contacts
{
	my ($caller, $n) = @_;
	my $ref = $refs++;

	return "INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
		SELECT 'test', '$ref-' || g, timestamptz '2026-03-02 12:00Z' + g * interval '1 minute', '101_voice', '0770090010$caller'
		FROM generate_series(1, $n) g;";
}

sub ask { return $node->safe_psql($db, $_[0]); }

sub hold
{
	my ($point) = @_;

	$holding{$point} = session($node, $db);
	$holding{$point}->query_safe("SELECT pg_advisory_lock(hashtext('$point'))");
	return;
}

sub let_go
{
	my ($point) = @_;

	(delete $holding{$point})->quit;
	return;
}

# Starts a refresh in a session of its own; returns that, without waiting.
sub start_refresh
{
	my ($arguments) = @_;
	my $session = session($node, $db);

	$session->query_safe("SET application_name = 'refresh under test'");
	$session->query_until(qr/started/, "\\set VERBOSITY verbose\n\\echo started\nCALL engage.refresh($arguments);\n");
	return $session;
}

# Waits until the refresh is held; returns the process id of its session.
sub held
{
	return poll('the refresh to be held',
		sub { ask("SELECT pid FROM pg_stat_activity WHERE datname = '$db' AND application_name = 'refresh under test' AND wait_event = 'advisory'") });
}

# Lets a session come to the end of what it does; returns what it said.
sub finish
{
	my ($session) = @_;

	$session->query('SELECT 1');
	my $said = $session->{stderr};
	$session->{stderr} = '';
	return $said;
}

sub runs { return ask("SELECT string_agg(state || ' ' || personas, ', ' ORDER BY run_id) FROM engage.refresh_run"); }

sub flags { return ask('SELECT count(*) FROM engage.flag WHERE withdrawn_at IS NULL'); }

# The contacts that the flag of the first caller has.
sub contacts_of_first
{
	return ask("SELECT f.contacts FROM engage.flag f JOIN engage.persona p USING (caller_id) WHERE p.number LIKE '%00101'");
}

sub problems { return ask('SELECT count(*) FROM engage.verify()'); }

sub health
{
	my ($item) = @_;
	return ask("SELECT status || ' | ' || value FROM engage.health() WHERE item = '$item'");
}

# --------------------------------------------------------- two refreshes at once

new_database('twice');
hold('between the queue and contacts');
my $first = start_refresh('');
held();
my ($status, undef, $notice) = $node->psql($db, 'CALL engage.refresh()');
is($status, 0, 'a refresh while another is at a step: no error');
like($notice, qr/NOTICE:  another refresh is running/, 'but a notice');
is(runs(), 'running 0', 'it starts no run');
let_go('between the queue and contacts');
is(finish($first), '', 'the first one ends well');
is(runs(), 'done 3', 'one run did the work');
is(flags(), 3, 'all of it');
$first->quit;

new_database('overtaken');
hold('between begin and steps');
$first = start_refresh('');
held();
ask($intact);
hold('before the commit');
my $second = start_refresh('');
poll('the second refresh to be held', sub { ask("SELECT count(*) = 2 FROM pg_stat_activity WHERE datname = '$db' AND application_name = 'refresh under test' AND wait_event = 'advisory'") eq 't' });
is(runs(), 'running 0, running 0', 'a second refresh starts between two steps of the first');
let_go('between begin and steps');
like(finish($first), qr/NOTICE:  00000: another refresh is running/, 'the first one gets a notice at its next step');
is(runs(), 'done 0, running 0', 'and is done, having done nothing');
let_go('before the commit');
is(finish($second), '', 'the second one ends well');
is(runs(), 'done 0, done 3', 'it did the work once');
is(flags(), 3, 'all of it');
is(problems(), 0, 'nothing is wrong');
$_->quit for $first, $second;

# ------------------------------------------------------------------ late commits

new_database('late');
my $writer = session($node, $db);
$writer->query_safe('BEGIN; ' . contacts(4, 6) . contacts(1, 1));
ask('CALL engage.refresh()');
is(flags(), 3, 'a refresh while a transaction is open sees what is committed');
is(contacts_of_first(), 6, 'of a caller whom the open transaction adds to, too');
is(health('backlog'), 'ok | 0 changes wait', 'and leaves no visible queue');
$writer->query_safe('COMMIT');
is(health('backlog'), 'ok | 4 changes wait', 'what it adds, two callers and their days, waits once it commits');
ask('CALL engage.refresh()');
is(flags(), 4, 'the next refresh flags its caller');
is(contacts_of_first(), 7, 'and counts what it added');

$writer->query_safe('BEGIN; ' . contacts(5, 6) . contacts(1, 1));
ask(contacts(1, 1));
hold('between the queue and contacts');
my $refresher = start_refresh('');
held();
$writer->query_safe('COMMIT');
let_go('between the queue and contacts');
is(finish($refresher), '', 'a transaction that commits while a step is between queue and contacts');
is(flags(), 5, 'is dealt with by the same run, in a later step');
is(contacts_of_first(), 9, 'and nothing is lost');
is(problems(), 0, 'nothing is wrong');
$_->quit for $writer, $refresher;

# ---------------------------------------------------------- where it refuses to run

new_database('refused');
for my $level ('repeatable read', 'serializable')
{
	fails_with(
		$node, $db, "SET default_transaction_isolation = '$level'; CALL engage.refresh();",
		'25001', qr/default_transaction_isolation = 'read committed'/, "refresh under $level");
}
fails_with($node, $db, 'BEGIN; CALL engage.refresh();', '25001', undef, 'refresh in a transaction block');
fails_with($node, $db, "SET default_transaction_isolation = 'repeatable read'; CALL engage.rebuild();", '25001', undef, 'rebuild under repeatable read');
fails_with($node, $db, 'CALL engage.refresh(0);', '22023', qr/The default is 5000/, 'a batch of nothing');
is(ask("SELECT count(*) || ' ' || (SELECT count(*) FROM engage_internal.dirty WHERE subject = 'everything') FROM engage.refresh_run"), '0 0', 'none of it leaves a run or a mark');

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
fails_with($standby, $db, 'CALL engage.refresh();', '25006', qr/Run it on the primary/, 'refresh on a standby');
ask('CALL engage.refresh()');
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is($standby->safe_psql($db, 'SELECT count(*) FROM engage.flag'), 3, 'the standby follows the primary');
is($standby->safe_psql($db, "SELECT status FROM engage.health() WHERE item = 'last run'"), 'ok', 'and knows its health');
$standby->stop;

# --------------------------------------------------------------------- progress

new_database('progress');
# a run may take a step while it has taken fewer than the gate allows
ask(q{
	CREATE TABLE chaos.gate AS SELECT 0 AS steps;
	GRANT SELECT ON chaos.gate TO PUBLIC;
	CREATE OR REPLACE FUNCTION chaos.wait(point text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
	BEGIN
		WHILE point = 'between lock and work' AND (SELECT max(r.steps) >= g.steps FROM chaos.gate g, engage.refresh_run r GROUP BY g.steps) LOOP
			PERFORM pg_sleep(0.01);
		END LOOP;
	END$$;
	CALL engage.refresh();} =~ s/CALL.*//r);
ask($ONE_ROW_EACH);
$refresher = start_refresh('1');
poll('the run to show', sub { ask('SELECT count(*) FROM engage.refresh_run') });
my @personas;
for (my $step = 1; ; $step++)
{
	ask("UPDATE chaos.gate SET steps = $step");
	poll("step $step", sub { ask("SELECT steps = $step OR state <> 'running' FROM engage.refresh_run") eq 't' });
	last if ask('SELECT state FROM engage.refresh_run') ne 'running';
	push @personas, ask('SELECT personas FROM engage.refresh_run WHERE last_step_at > started_at');
	like(health('last run'), qr/^ok \| run 1 running, started .*, 2 steps$/, 'health() shows a run at work') if $step == 2;
}
is("@personas[0 .. 2]", '1 2 3', 'another session sees every step of a run');
note(scalar(@personas) . ' steps');
is(finish($refresher), '', 'it ends well');
is(ask('SELECT state FROM engage.refresh_run'), 'done', 'and is done');
is(problems(), 0, 'nothing is wrong');
$refresher->quit;

# ------------------------------------------------------------- an error in a step

new_database('failing');
ask($ONE_ROW_EACH);
is(ask("SELECT count(*) FROM engage_internal.dirty WHERE subject = 'persona'"), 3, 'three callers wait');
ask(q{
	CREATE OR REPLACE FUNCTION chaos.wait(point text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
	BEGIN
		IF point = 'before the commit' AND (SELECT r.steps FROM engage.refresh_run r) = 3 THEN
			RAISE EXCEPTION 'injected' USING ERRCODE = 'division_by_zero';
		END IF;
	END$$;});
my $error = fails_with($node, $db, 'CALL engage.refresh(1);', '22012', qr/^HINT:  Fix the cause, then CALL engage\.refresh\(\) again\.$/m, 'a step that fails');
like($error, qr/refresh failed: injected/, 'the caller is told why');
is(ask("SELECT format('%s %s %s %s %s %s', state, steps, personas, error_code, error_message, finished_at IS NOT NULL) FROM engage.refresh_run"),
	'failed 2 2 22012 injected t', 'the run says so, and what was done before');
is(ask("SELECT (SELECT count(*) FROM engage.persona) || ' ' || (SELECT count(*) FROM engage.caller)"), '2 0', 'earlier batches stay, and nothing of this one is done');
is(ask("SELECT count(*) FROM engage_internal.dirty WHERE subject = 'persona'"), 1, 'which waits');
is(problems(), 0, 'so nothing is wrong');
like(health('last run'), qr/^failed \| run 1 failed, .*, 2 steps: 22012 injected$/, 'health(): the last run failed');
is(health('failures'), 'warning | 1 failed or died in 24 hours', 'health(): a failure is counted');
like(health('backlog'), qr/^ok \| [1-9]\d* changes wait$/, 'health(): what waits');
like(health('last success'), qr/^warning \| never$/, 'health(): no success yet');

ask(q{CREATE OR REPLACE FUNCTION chaos.wait(point text) RETURNS void LANGUAGE plpgsql VOLATILE AS 'BEGIN END'});
ask('CALL engage.refresh(1)');
is(runs(), 'failed 2, done 1', 'when it is mended, the next run goes on where this one stopped');
is(flags(), 3, 'all are flagged');
like(health('last run'), qr/^ok \| run 2 done/, 'health(): the last run is well');

# ------------------------------------------------------------------------ cancel

new_database('cancelled');
hold('before the commit');
$refresher = start_refresh('');
my $pid = held();
ask("SELECT pg_cancel_backend($pid)");
like(finish($refresher), qr/ERROR:  57014: canceling statement due to user request/, 'a refresh can be cancelled');
let_go('before the commit');
is(flags() . ' ' . ask('SELECT count(*) > 0 FROM engage_internal.dirty'), '0 t', 'the step is undone');
$refresher->query('CALL engage.refresh()');
is(runs(), 'died 0, done 3', 'the next refresh of the same session marks the run as died, and does the work');

ask(contacts(4, 6));
hold('before the commit');
$refresher->query_until(qr/started/, "\\echo started\nCALL engage.refresh();\n");
ask('SELECT pg_terminate_backend(' . held() . ')');
let_go('before the commit');
poll('the session to go', sub { ask("SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'refresh under test'") eq 't' });
eval { $refresher->quit };
ask('CALL engage.refresh()');
is(runs(), 'died 0, done 3, died 0, done 1', 'a run whose session was terminated likewise');

ask(contacts(5, 6));
hold('before the commit');
$refresher = start_refresh('');
ask('SELECT pg_cancel_backend(' . held() . ')');
finish($refresher);
let_go('before the commit');
# as if it were a while ago: the session is there still, so its run might be at work
ask("UPDATE engage.refresh_run SET started_at = started_at - interval '2 minutes' WHERE state = 'running'");
ask('CALL engage.refresh()');
is(runs(), 'died 0, done 3, died 0, done 1, died 0, done 1', 'a run that takes no step for a minute has died, though its session is there');
is(health('failures'), 'warning | 3 failed or died in 24 hours', 'health() counts them');
is(flags() . ' ' . problems(), '5 0', 'all are flagged, nothing is wrong');
$refresher->quit;

# ----------------------------------------------------------------------- kill -9

new_database('killed');
hold('between callers and flags');
$refresher = start_refresh('1');
$pid = held();
kill('KILL', $pid);
poll('the server to start again', sub { ($node->psql($db, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid)"))[1] eq 't' });
eval { $_->quit } for $refresher, values %holding;
is(runs(), 'running 0', 'a run whose session is killed stays as it was');
is(problems(), 0, 'and nothing is wrong');
ask('CALL engage.refresh(1)');
is(ask("SELECT string_agg(state || ' ' || (finished_at IS NOT NULL), ', ' ORDER BY run_id) FROM engage.refresh_run"),
	'died true, done true', 'the next refresh marks it as died');
is(flags() . ' ' . ask('SELECT count(*) FROM engage_internal.dirty') . ' ' . problems(), '3 0 0', 'and does all the work');
is(health('failures'), 'warning | 1 failed or died in 24 hours', 'health() counts it');

$node->stop;
done_testing();
