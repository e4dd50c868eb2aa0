# A long run of an aggregate ends within a second of pg_cancel_backend(),
# wherever in its work it is caught; then its session works on and no temporary
# file is left.  The same for a statement's timeout, for a cursor closed early,
# for an error in mid-run and for a transaction rolled back.
#
# The second is one of the processor's, so a machine that is busy with other
# things changes nothing.
#
# Ten million generated contacts in no order of time: most of 1.8 million callers,
# every twentieth of a thousand who call often.

use strict;
use warnings FATAL => 'all';
use EngageTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use POSIX ();

use constant CONTACTS => 10_000_000;

my $node = engage_node('cancel', q{
fsync = off
max_worker_processes = 16
shared_buffers = '256MB'
autovacuum = off
max_wal_size = '4GB'
});
$node->safe_psql('postgres', 'CREATE EXTENSION engage');
$node->safe_psql(
	'postgres', q{
	CREATE UNLOGGED TABLE calls AS
	SELECT CASE WHEN i % 20 = 0 THEN i % 997 ELSE i * 2654435761 % 1800000 END AS caller, timestamptz '2026-01-01' + i * 48271 % 31536000 * interval '1 second' AS at
	FROM generate_series(1, } . CONTACTS . q{::bigint) AS i;
	ANALYZE calls;
	CREATE UNLOGGED TABLE pattern AS SELECT engage.timeline_agg(at) AS t FROM (SELECT at FROM calls LIMIT 4000000) AS c;
	-- until a statement that began after the given time has run so long, or has ended
	CREATE PROCEDURE wait_until_at_work(worker integer, after timestamptz, at_least interval) LANGUAGE plpgsql AS $$
	BEGIN
		WHILE (SELECT query_start <= after OR (state = 'active' AND clock_timestamp() - query_start < at_least) FROM pg_stat_activity WHERE pid = worker) LOOP
			PERFORM pg_sleep(0.002), pg_stat_clear_snapshot();
		END LOOP;
	END $$;});

my $boss = session($node, 'postgres');
my $worker = session($node, 'postgres');
$_->set_query_timer_restart for $boss, $worker;
$worker->query_safe('SET search_path = engage, engage_internal, public');
my $pid = $worker->query_safe('SELECT pg_backend_pid()');

sub temporary_files { return grep { -e } glob($node->data_dir . '/base/pgsql_tmp/*') }

# Processes of a parallel plan may take a moment to clear up.
sub no_temporary_files
{
	my ($name) = @_;
	ok(poll('temporary files to go', sub { !temporary_files() }), "$name: no temporary file is left");
	return;
}

sub works_on
{
	my ($name) = @_;
	is($worker->query_safe(q{SELECT cardinality(repeat_callers(i % 3, timestamptz '2026-01-01' + i * interval '1 second', '{5 in 1 day}')), pg_backend_pid() FROM generate_series(1, 5000) AS i}),
		"3|$pid", "$name: the session works on");
	return;
}

# Start a statement and return; ended() waits for its end and gives its error.
sub start
{
	my ($sql) = @_;
	$worker->query_until(qr/begun/, "\\echo begun\n$sql;\n\\warn ended\n\\echo ended\n");
	return;
}

sub ended
{
	my $error;

	$worker->query_until(qr/ended/, '');
	pump_until($worker->{run}, $worker->{timeout}, \$worker->{stderr}, qr/ended/);
	$error = $worker->{stderr};
	$worker->{stderr} = '';
	return $error;
}

# What the worker has used of a processor, in seconds.
sub processor_time
{
	my @field = split ' ', slurp_file("/proc/$pid/stat") =~ s/^.*\) //sr;

	return ($field[11] + $field[12]) / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}

# Was a statement cancelled that had run for so many seconds, and how much work
# did it do from there to its error?
sub cancelled_after
{
	my ($sql, $seconds) = @_;
	my $before = $boss->query_safe('SELECT clock_timestamp()');
	my ($began, $error);

	start($sql);
	$boss->query_safe("CALL wait_until_at_work($pid, '$before', '$seconds seconds')");
	$began = processor_time();
	$boss->query_safe("SELECT pg_cancel_backend($pid)");
	$error = ended();
	return (scalar($error =~ /canceling statement due to user request/), processor_time() - $began);
}

# --------------------------------------------------------------- cancellation

my $SERIAL = 'SET max_parallel_workers_per_gather = 0';
my $BIG = "$SERIAL; SET work_mem = '1GB'";
my @statements = (
	[ 'repeat_callers, spilling', $SERIAL, q{SELECT cardinality(repeat_callers(caller, at, '{5 in 1 day,10 in 7 days}')) FROM calls} ],
	[ 'repeat_callers in memory', $BIG, q{SELECT cardinality(repeat_callers(caller, at, '{5 in 1 day,10 in 7 days}')) FROM calls} ],
	[ 'the contacts of one caller', $BIG, q{SELECT cardinality(repeat_callers(1, at, '{5 in 1 day,10 per day in Europe/London}')) FROM calls} ],
	[ 'repeat_callers by name', $SERIAL, q{SELECT cardinality(repeat_callers(caller::text, at, '{5 in 1 day}')) FROM (SELECT * FROM calls LIMIT 4000000) AS c} ],
	[ 'five million names', $BIG, q{SELECT cardinality(repeat_callers(i::text, '2026-01-01', '{2 in 1 day}')) FROM (SELECT generate_series(1, 5000000) AS i) AS s} ],
	[ 'top_callers', $SERIAL, q{SELECT cardinality(top_callers(caller, at, 1000000)) FROM calls} ],
	[ 'repeat_callers in parallel', 'SET max_parallel_workers_per_gather = 2', q{SELECT cardinality(repeat_callers(caller, at, '{5 in 1 day}')) FROM calls} ],
	[ 'timeline_agg', $SERIAL, q{SELECT num_contacts(timeline_agg(at)) FROM calls} ],
	[ 'rolling_count', $SERIAL, q{SELECT max(n) FROM (SELECT rolling_count(at, '1 day') OVER (ORDER BY at) AS n FROM (SELECT at FROM calls LIMIT 4000000) AS c) AS s} ],
	[ 'rolling_counts', $SERIAL, q{SELECT max(contacts) FROM pattern, rolling_counts(t, '1 day')} ],
	[ 'episodes of 64 criteria', $SERIAL, q{SELECT count(*) FROM pattern, episodes(t, array_fill('4000001 per month in Europe/London'::criterion, '{64}'))} ],
	[ 'a timeline as text', $SERIAL, q{SELECT num_contacts(t::text::timeline) FROM pattern} ]);

foreach my $statement (@statements)
{
	my ($name, $settings, $sql) = @$statement;
	my @latencies;

	# ever later, until the statement ends before it is cancelled
	$worker->query_safe("$settings;");
	for (my $after = 0.1;; $after *= 2)
	{
		my ($cancelled, $latency) = cancelled_after($sql, $after);

		last unless $cancelled;
		push @latencies, sprintf('%.2f', $latency);
	}
	diag("$name: ended in @latencies s");
	cmp_ok(scalar(@latencies), '>', 1, "$name: cancelled in mid-run");
	is(scalar(grep { $_ >= 1 } @latencies), 0, "$name: ends within a second");
	no_temporary_files($name);
	works_on($name);
	$worker->query_safe('RESET work_mem; RESET max_parallel_workers_per_gather;');
}

# ------------------------------------------------------- other ways of ending

$worker->query_safe($SERIAL);
start(q{SET statement_timeout = '400ms'; SELECT cardinality(repeat_callers(caller, at, '{5 in 1 day}')) FROM calls; RESET statement_timeout});
like(ended(), qr/canceling statement due to statement timeout/, 'a statement runs into its timeout');
no_temporary_files('timeout');
works_on('timeout');

start(q{SELECT cardinality(repeat_callers(caller, at, CASE WHEN at > '2026-12-31 23:59' THEN '{6 in 1 day}' ELSE '{5 in 1 day}' END::criterion[])) FROM calls});
like(ended(), qr/the third argument is not the same for every row/, 'an error ends a run');
no_temporary_files('error');
works_on('error');

# Groups whose states have spilled are left behind by a cursor that is closed
# and by a limit that is reached.
my $groups = q{SELECT caller % 40 AS town, cardinality(repeat_callers(caller, at, '{2 in 1 day}')) AS n FROM (SELECT * FROM calls LIMIT 2000000) AS c GROUP BY 1};
$worker->query_safe(q{SET work_mem = '64kB'; BEGIN;});
$worker->query_safe("DECLARE towns CURSOR FOR $groups;");
is($worker->query_safe('FETCH 1 FROM towns') =~ /^\d+\|\d+$/, 1, 'a cursor gives its first row');
cmp_ok(scalar(temporary_files()), '>', 0, 'other groups are in temporary files');
$worker->query_safe('CLOSE towns;');
no_temporary_files('cursor');
$worker->query_safe('COMMIT;');
works_on('cursor');
is($worker->query_safe("SELECT count(*) FROM ($groups LIMIT 3) AS g"), '3', 'a limit is reached');
no_temporary_files('limit');
is($worker->query_safe(q{SELECT count(*) FROM (SELECT (unnest(repeat_callers(caller, at, '{2 in 1 day}'))).* FROM calls LIMIT 5) AS m}), '5', 'a limit on the callers found');
no_temporary_files('limit on the callers');

$worker->query_safe("BEGIN; DECLARE towns CURSOR FOR $groups;");
$worker->query_safe('FETCH 1 FROM towns');
$worker->query_safe('ROLLBACK;');
no_temporary_files('rollback');
$worker->query_safe("BEGIN; SAVEPOINT s; DECLARE towns CURSOR FOR $groups;");
$worker->query_safe('FETCH 1 FROM towns');
$worker->query_safe('ROLLBACK TO s;');
no_temporary_files('rollback to a savepoint');
$worker->query_safe('COMMIT;');
works_on('rollback');

$_->quit for $worker, $boss;
unlike(slurp_file($node->logfile), qr/temporary file leak|PANIC|terminated by signal/, "nothing of it is in the server's log");
$node->stop;
done_testing();
