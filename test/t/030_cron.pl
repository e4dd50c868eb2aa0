# With pg_cron really running, in both of its modes on two servers side by side:
# contacts are flagged and nobody calls anything, a failing job shows, and
# schedule() says what to do where pg_cron is missing or in another database.

use strict;
use warnings FATAL => 'all';
use EngageTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

plan skip_all => 'pg_cron is not installed'
  unless -e (split ' ', `pg_config --pkglibdir`)[0] . '/pg_cron.so';

use constant FLAGGED_WITHIN => 120;    # seconds
use constant PATIENCE => 600;

my %conf = (
	libpq => 'cron.use_background_workers = off',
	workers => "cron.use_background_workers = on\nmax_worker_processes = 16");
my @modes = sort keys %conf;
my (%node, %intact);

# --------------------------------------------------------------------- helpers

sub force { my ($mode, $sql) = @_; return $node{$mode}->safe_psql('force', $sql); }

# A login that may run the register and use pg_cron, and nothing else.
sub olga { my ($mode, $sql) = @_; return $node{$mode}->safe_psql('force', $sql, extra_params => [ '-U', 'olga' ]); }

sub health
{
	my ($mode, $item) = @_;
	return olga($mode, "SELECT status || ' | ' || value FROM engage.health() WHERE item = '$item'");
}

# Six contacts of a caller, as a loader's session would insert them.
sub call_in
{
	my ($mode, $db, $number) = @_;
	$node{$mode}->safe_psql(
		$db, "INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
			SELECT 'test', '$number ' || g, now() - g * interval '1 minute', '101_voice', '$number' FROM generate_series(1, 6) g",
		extra_params => [ '-U', 'lou' ]);
	return time;
}

sub flagged
{
	my ($mode, $db, $number) = @_;
	return $node{$mode}->safe_psql($db, "SELECT count(*) FROM engage.repeat_caller r JOIN engage.persona p USING (caller_id)
		WHERE p.number = '+44' || substr('$number', 2)");
}

# Waits until each of some conditions is true, in any order; returns when each was.
sub each_in_time
{
	my ($what, %condition) = @_;
	my %when;

	poll(
		$what,
		sub {
			for my $name (grep { !$when{$_} } keys %condition)
			{
				$when{$name} = time if $condition{$name}->();
			}
			sleep 0.4;
			return keys %when == keys %condition;
		},
		PATIENCE);
	return %when;
}

# ------------------------------------------------------------- without pg_cron

for my $mode (@modes)
{
	$node{$mode} = engage_node("cron_$mode", "shared_buffers = '32MB'\nmax_wal_senders = 0\n");
	$node{$mode}->safe_psql(
		'postgres', q{
		CREATE DATABASE force;
		CREATE ROLE olga LOGIN;
		CREATE ROLE otto LOGIN;
		CREATE ROLE lou LOGIN;});
	force($mode, 'CREATE EXTENSION engage; SELECT engage.setup(); GRANT engage_operator TO olga, otto; GRANT engage_loader TO lou;');
}

my @olga = (extra_params => [ '-U', 'olga' ]);
my $error = fails_with($node{libpq}, 'force', 'SELECT * FROM engage.schedule();', '55000',
	qr/Install the package of pg_cron, set shared_preload_libraries = 'pg_cron' and cron\.database_name = 'force', restart, and CREATE EXTENSION pg_cron\./,
	'schedule() without pg_cron', @olga);
like($error, qr/The server does not load pg_cron; CALL engage\.refresh\(\) works by hand\./, 'schedule() without pg_cron: the rest works');
olga('libpq', 'CALL engage.refresh()');
is(olga('libpq', 'SELECT count(*) FROM engage.job_health()'), 0, 'job_health() without pg_cron: no rows');

for my $mode (@modes)
{
	$node{$mode}->append_conf('postgresql.conf',
		"shared_preload_libraries = 'pg_cron'\ncron.database_name = 'force'\ncron.host = '" . $node{$mode}->host . "'\n$conf{$mode}\n");
	$node{$mode}->restart;
}
fails_with($node{libpq}, 'force', 'SELECT * FROM engage.schedule();', '55000', qr/^HINT:  CREATE EXTENSION pg_cron;$/m,
	'schedule() without CREATE EXTENSION pg_cron, as superuser');
force($_, 'CREATE EXTENSION pg_cron') for @modes;
fails_with($node{libpq}, 'force', 'SELECT * FROM engage.schedule();', '42501', qr/^HINT:  GRANT USAGE ON SCHEMA cron TO olga;$/m,
	'schedule() by a login that may not use pg_cron', @olga);

# ---------------------------------------------------- pg_cron in another database

# What the hint of schedule() says to run in the database of pg_cron.
sub hinted
{
	my ($said) = @_;
	return join "\n", $said =~ /^(SELECT cron\..*;)$/mg;
}

for my $mode (@modes)
{
	$node{$mode}->safe_psql('postgres', 'CREATE DATABASE elsewhere');
	$node{$mode}->safe_psql('elsewhere', 'CREATE EXTENSION engage; SELECT engage.setup()');
	my $said = fails_with($node{$mode}, 'elsewhere', 'SELECT * FROM engage.schedule();', '55000',
		qr/^HINT:  If SHOW cron\.database_name tells a superuser "elsewhere", .* connect as a superuser to the database it tells and run:$/m,
		"$mode: schedule() where pg_cron is in another database", extra_params => [ '-U', 'otto' ]);
	my $ids = force($mode, hinted($said));
	like($ids, qr/^\d+\n\d+\n\d+$/, "$mode: what it says to run there registers three jobs");
	$said = fails_with($node{$mode}, 'elsewhere', 'SELECT * FROM engage.schedule();', '55000',
		qr/^HINT:  Connect as a superuser to "force" and run:$/m, "$mode: the same as superuser");
	is(scalar(split /\n/, hinted($said)), 3, "$mode: a superuser is told the database and three statements");
}

# ----------------------------------------------- flagged, and nobody calls anything

my (%began, %condition);
for my $mode (@modes)
{
	force($mode, 'GRANT USAGE ON SCHEMA cron TO olga');
	is(olga($mode, "SELECT string_agg(job, ' ') FROM engage.schedule('* * * * *')"),
		'engage:refresh engage:verify engage:housekeeping', "$mode: an operator schedules");
	is(olga($mode, "SELECT count(DISTINCT job_id) FROM (SELECT * FROM engage.schedule() UNION ALL SELECT * FROM engage.schedule()) s"),
		3, "$mode: again, and no job is there twice");
	is(olga($mode, "SELECT string_agg(format('%s %s %s', job, schedule, active), ', ' ORDER BY job) FROM engage.job_health()"),
		'engage:housekeeping 47 3 * * * t, engage:refresh * * * * * t, engage:verify 17 3 * * * t', "$mode: job_health() has them");

	for my $db ('force', 'elsewhere')
	{
		$node{$mode}->safe_psql($db, 'GRANT engage_loader TO lou');
		$began{"$mode, $db"} = call_in($mode, $db, '07700900101');
		$condition{"$mode, $db"} = sub { flagged($mode, $db, '07700900101') };
	}
}
my %when = each_in_time('callers to be flagged', %condition);
for my $what (sort keys %when)
{
	my $took = $when{$what} - $began{$what};
	cmp_ok($took, '<', FLAGGED_WITHIN, sprintf '%s: flagged after %.1f s', $what, $took);
}

# ------------------------------------------------------------------ a failing job

for my $mode (@modes)
{
	poll('the run to end', sub { health($mode, 'last run') =~ /done/ });
	like(health($mode, 'last run'), qr/^ok \| run \d+ done, started .*, [1-9]\d* steps$/, "$mode: health(): last run");
	like(health($mode, 'last success'), qr/^ok \| 20\d\d-/, "$mode: health(): last success");
	is(health($mode, 'lag'), 'ok | 00:00:00', "$mode: health(): lag");
	is(health($mode, 'backlog'), 'ok | 0 changes wait', "$mode: health(): backlog");
	is(health($mode, 'failures'), 'ok | 0 failed or died in 24 hours', "$mode: health(): failures");
	is(force($mode, "SELECT string_agg(DISTINCT login, ' ') FROM engage.refresh_run"), 'olga', "$mode: runs are the operator's");

	$intact{$mode} = force($mode, "SELECT pg_get_functiondef('engage.refresh_work(bigint, integer)'::regprocedure)");
	patch_function($node{$mode}, 'force', 'engage.refresh_work(bigint, integer)',
		'counted := engage.count_some(run, size);' => "RAISE EXCEPTION 'injected' USING ERRCODE = 'division_by_zero';");
	call_in($mode, 'force', '07700900102');
}
each_in_time(
	'the job to fail',
	map {
		my $mode = $_;
		$mode => sub { olga($mode, "SELECT last_status FROM engage.job_health() WHERE job = 'engage:refresh'") eq 'failed' }
	} @modes);
for my $mode (@modes)
{
	like(health($mode, 'last run'), qr/^failed \| run \d+ failed, .*: 22012 injected$/, "$mode: health(): the last run failed, with its SQLSTATE");
	like(health($mode, 'failures'), qr/^warning \| [1-9] failed or died in 24 hours$/, "$mode: health(): failures are counted");
	like(health($mode, 'backlog'), qr/^ok \| [1-9]\d* changes wait$/, "$mode: health(): what waits");
	ok(poll('a lag', sub { health($mode, 'lag') =~ / \| (?!00:00:00)00:0\d:\d\d$/ }), "$mode: health(): for how long");
	like(olga($mode, "SELECT last_message FROM engage.job_health() WHERE job = 'engage:refresh'"), qr/refresh failed: injected/, "$mode: job_health(): why");
	is(flagged($mode, 'force', '07700900102'), 0, "$mode: nobody is flagged");

	force($mode, $intact{$mode});
}
each_in_time(
	'the next run',
	map {
		my $mode = $_;
		$mode => sub {
			return flagged($mode, 'force', '07700900102')
			  && olga($mode, "SELECT last_status FROM engage.job_health() WHERE job = 'engage:refresh'") eq 'succeeded';
		}
	} @modes);
for my $mode (@modes)
{
	like(health($mode, 'last run'), qr/^ok \| run \d+ done/, "$mode: once it is mended, the next run goes on");
	is(health($mode, 'backlog'), 'ok | 0 changes wait', "$mode: nothing waits");
}

# ------------------------------------------------------------------- unschedule

for my $mode (@modes)
{
	is(olga($mode, "SELECT string_agg(name, ' ') FROM engage.unschedule() name"), 'engage:housekeeping engage:refresh engage:verify', "$mode: unschedule() removes the jobs");
	is(olga($mode, 'SELECT count(*) FROM engage.job_health()'), 0, "$mode: they are gone");
	is(olga($mode, 'SELECT count(*) FROM engage.unschedule()'), 0, "$mode: a second time there is nothing to remove");
	is(force($mode, 'SELECT count(*) FROM cron.job'), 3, "$mode: those of the other database and login stay");

	my $said = fails_with($node{$mode}, 'elsewhere', 'SELECT engage.unschedule();', '55000', qr/connect there as a superuser and run:$/m,
		"$mode: unschedule() where pg_cron is in another database", extra_params => [ '-U', 'otto' ]);
	force($mode, hinted($said));
	is(force($mode, 'SELECT count(*) FROM cron.job'), 0, "$mode: what it says to run there removes them");
	$node{$mode}->stop;
}
done_testing();
