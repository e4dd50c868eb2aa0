# With pg_cron really running, in both of its modes on two servers side by side:
# contacts are flagged and nobody calls anything, what a handler refers is linked
# by the next scheduled refresh, a failing job, one that is not active and one of
# a database that was renamed show with a cure that cures, and schedule() says
# what to do where pg_cron is missing or in another database.

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
my %db = map { $_ => 'force' } @modes;

# --------------------------------------------------------------------- helpers

sub force { my ($mode, $sql) = @_; return $node{$mode}->safe_psql($db{$mode}, $sql); }

# A login that may run the register and use pg_cron, and nothing else.
sub olga { my ($mode, $sql) = @_; return $node{$mode}->safe_psql($db{$mode}, $sql, extra_params => [ '-U', 'olga' ]); }

# Another such login, whose jobs fail; and a handler's application.
sub ruth { my ($mode, $sql) = @_; local $ENV{PGOPTIONS} = '-c statement_timeout=0'; return $node{$mode}->safe_psql($db{$mode}, $sql, extra_params => [ '-U', 'ruth' ]); }

sub hana { my ($mode, $sql) = @_; return $node{$mode}->safe_psql($db{$mode}, $sql, extra_params => [ '-U', 'hana' ]); }

sub health
{
	my ($mode, $item) = @_;
	return olga($mode, "SELECT status || ' | ' || value FROM engage.health() WHERE item = '$item'");
}

# All of an item, and its advice.
sub whole_item
{
	my ($as, $mode, $item) = @_;
	return $as->($mode, "SELECT concat_ws(' | ', status, value, advice) FROM engage.health() WHERE item = '$item'");
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
		CREATE ROLE ruth LOGIN;
		CREATE ROLE hana LOGIN;
		CREATE ROLE lou LOGIN;});
	force($mode, 'CREATE EXTENSION engage; SELECT engage.setup(); GRANT engage_operator TO olga, otto, ruth; GRANT engage_handler TO hana; GRANT engage_loader TO lou;');
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
		qr/^HINT:  If SHOW cron\.database_name, run by a superuser, gives "elsewhere", .* connect as a superuser to the database it gives and run:$/m,
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
	is(whole_item(\&olga, $mode, 'jobs'), 'ok | not shown to this login: pg_cron shows jobs to the login that scheduled them',
		"$mode: health() by a login that may not use pg_cron");
	# who will be recognised, and one call from a number of which nothing else is known
	force($mode, q{INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, given_name, family_name) VALUES
		('room', 'known', now() - interval '3 days', '101_voice', '07700 900500', 'Ines', 'Holt'),
		('room', 'known again', now() - interval '2 days', '101_voice', '07700 900500', 'Ines', 'Holt'),
		('room', 'in the register', now() - interval '1 day', '101_voice', '07700 900501', NULL, NULL)});
	olga($mode, 'CALL engage.refresh()');
	force($mode, 'GRANT USAGE ON SCHEMA cron TO olga, ruth');
	is(whole_item(\&olga, $mode, 'jobs'), 'ok | none is scheduled', "$mode: health() where nothing is scheduled");
	is(olga($mode, "SELECT string_agg(job, ' ') FROM engage.schedule('* * * * *')"),
		'engage:refresh engage:verify engage:housekeeping', "$mode: an operator schedules");
	is(olga($mode, "SELECT count(DISTINCT job_id) FROM (SELECT * FROM engage.schedule() UNION ALL SELECT * FROM engage.schedule()) s"),
		3, "$mode: again, and no job is there twice");
	is(olga($mode, "SELECT string_agg(format('%s %s %s', job, schedule, active), ', ' ORDER BY job) FROM engage.job_health()"),
		'engage:housekeeping 47 3 * * * t, engage:refresh * * * * * t, engage:verify 17 3 * * * t', "$mode: job_health() has them");

	is(whole_item(\&olga, $mode, 'jobs'), 'ok | engage:housekeeping, engage:refresh, engage:verify', "$mode: health() has them too");
	like($node{$mode}->safe_psql('elsewhere', q{SELECT value FROM engage.health() WHERE item = 'jobs'}),
		qr/^pg_cron lives in database "force"/, "$mode: health() says where pg_cron lives, if in another database");

	# a handler knows her voice: in a call of the register, in one that is not refreshed, and in one that is not recorded yet
	my $ines = force($mode, q{SELECT DISTINCT p.caller_id FROM engage.persona p WHERE p.given_name = 'Ines'});
	my $call = force($mode, q{INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
		VALUES ('room', 'not refreshed', now(), '101_voice', '07700 900502') RETURNING contact_id});
	my $held = force($mode, q{SELECT contact_id FROM engage.contact WHERE source_ref = 'in the register'});
	hana($mode, "SELECT engage.refer('Her voice', caller_id => $ines, identified_by => 'handler_recognised', $_)")
	  for ("contact_id => $held", "contact_id => $call", "number => '07700 900503'");
	force($mode, q{INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
		VALUES ('room', 'recorded later', now(), '101_voice', '07700 900503')});

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

# --------------------------------------------- what a handler referred, by then

for my $mode (@modes)
{
	my $first = poll(
		'the first scheduled run after the referrals',
		sub {
			return force($mode, q{SELECT r.run_id FROM engage.refresh_run r
				WHERE r.login = 'olga' AND r.state = 'done' AND r.started_at > (SELECT max(referred_at) FROM engage.referral)
				ORDER BY r.run_id LIMIT 1});
		},
		PATIENCE);
	is( force($mode, q{SELECT string_agg(c.source_ref, ', ' ORDER BY c.source_ref) FROM engage.contact c JOIN engage.persona p USING (persona_key)
			WHERE p.caller_id = (SELECT DISTINCT x.caller_id FROM engage.persona x WHERE x.given_name = 'Ines')}),
		'in the register, known, known again, not refreshed, recorded later', "$mode: what a handler referred is one caller");
	is( force($mode, "SELECT count(*) FROM engage.referral f JOIN engage.link_decision d USING (decision_id), engage.refresh_run r
			WHERE r.run_id = $first AND d.decided_at < r.finished_at AND f.link_state = 'linked'"), 3,
		"$mode: linked by the first scheduled refresh");
	is( force($mode, "SELECT count(*) FROM engage.merge_event e WHERE e.run_id <> $first"), 0, "$mode: in that one run");
	is( force($mode, q{SELECT count(*) FROM engage.merge_event e, unnest(e.persona_keys) k JOIN engage.contact c ON c.persona_key = k
			WHERE c.source_ref IN ('not refreshed', 'recorded later')}), 0, "$mode: and never another caller's meanwhile");
}

# ------------------------------------------------------------------ a failing job

for my $mode (@modes)
{
	poll('the run to end', sub { health($mode, 'last run') =~ /done/ });
	like(health($mode, 'last run'), qr/^ok \| run \d+ done, started .*, \d+ steps$/, "$mode: health(): last run");
	like(health($mode, 'last success'), qr/^ok \| 20\d\d-/, "$mode: health(): last success");
	is(health($mode, 'lag'), 'ok | 00:00:00', "$mode: health(): lag");
	is(health($mode, 'backlog'), 'ok | 0 changes wait', "$mode: health(): backlog");
	is(health($mode, 'failures'), 'ok | 0 failed or died in 24 hours', "$mode: health(): failures");
	is(force($mode, "SELECT string_agg(DISTINCT login, ' ') FROM engage.refresh_run"), 'olga', "$mode: runs are the operator's");

	$intact{$mode} = insert_at($node{$mode}, 'force',
		'before personas are counted' => "RAISE EXCEPTION 'injected' USING ERRCODE = 'division_by_zero';");
	call_in($mode, 'force', '07700900102');

	# and another login's, that have too little time
	force($mode, q{ALTER ROLE ruth IN DATABASE force SET statement_timeout = '1ms'});
	ruth($mode, 'SELECT * FROM engage.schedule()');
}
each_in_time(
	'the jobs to fail',
	map {
		my $mode = $_;
		my $failed = q{SELECT count(*) FROM engage.job_health() WHERE job = 'engage:refresh' AND last_status = 'failed'};
		("$mode, olga" => sub { olga($mode, $failed) eq '1' }, "$mode, ruth" => sub { ruth($mode, $failed) eq '1' })
	} @modes);
for my $mode (@modes)
{
	like(health($mode, 'last run'), qr/^failed \| run \d+ failed, .*: 22012 injected$/, "$mode: health(): the last run failed, with its SQLSTATE");
	like(health($mode, 'failures'), qr/^warning \| [1-9] failed or died in 24 hours, [1-9] by pg_cron's count$/, "$mode: health(): failures are counted");
	like(whole_item(\&olga, $mode, 'jobs'), qr/^failed \| engage:refresh failed: refresh failed: injected \| Cure what it names\./, "$mode: health(): the job, and why it failed");
	my $cannot = whole_item(\&ruth, $mode, 'jobs');
	like($cannot, qr/^failed \| engage:refresh failed: canceling statement due to statement timeout \| ALTER ROLE ruth IN DATABASE force SET statement_timeout = 0;$/,
		"$mode: health(): a job that has too little time");
	force($mode, $cannot =~ /\| (ALTER .*)/);
	like(whole_item(\&force, $mode, 'jobs'), qr/injected; .*statement timeout/, "$mode: health(): a superuser sees the jobs of both");
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
			  && olga($mode, "SELECT last_status FROM engage.job_health() WHERE job = 'engage:refresh'") eq 'succeeded'
			  && ruth($mode, "SELECT last_status FROM engage.job_health() WHERE job = 'engage:refresh'") eq 'succeeded';
		}
	} @modes);
for my $mode (@modes)
{
	like(health($mode, 'last run'), qr/^ok \| run \d+ done/, "$mode: once it is mended, the next run goes on");
	is(health($mode, 'backlog'), 'ok | 0 changes wait', "$mode: nothing waits");
	is(whole_item(\&ruth, $mode, 'jobs'), 'ok | engage:housekeeping, engage:refresh, engage:verify', "$mode: the cure for too little time cures");
	is(ruth($mode, 'SELECT count(*) FROM engage.unschedule()'), 3, "$mode: that login's jobs go");
}

# -------------------------------------------- not active, and a renamed database

for my $mode (@modes)
{
	for my $cure ('advice', 'SELECT engage.schedule()')
	{
		force($mode, q{SELECT cron.alter_job(jobid, active => false) FROM cron.job WHERE jobname = 'engage:refresh' AND username = 'olga'});
		my $said = whole_item(\&olga, $mode, 'jobs');
		like($said, qr/^warning \| engage:refresh is not active \| As a superuser: SELECT cron\.alter_job\(\d+, active => true\);$/, "$mode: a job that is not active");
		if ($cure eq 'advice') { force($mode, $said =~ /superuser: (.*)/); }
		else { olga($mode, $cure); }
		like(whole_item(\&olga, $mode, 'jobs'), qr/^ok /, "$mode: is so again by $cure");
	}
}

# M2: the database that has pg_cron takes another name
my $moved = $node{workers};
$moved->append_conf('postgresql.conf', "shared_preload_libraries = ''\n");
$moved->restart;
$moved->safe_psql('postgres', 'ALTER DATABASE force RENAME TO renamed');
$db{workers} = 'renamed';
$moved->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_cron'\ncron.database_name = 'renamed'\n");
$moved->restart;
my $lost = whole_item(\&olga, 'workers', 'jobs');
like($lost, qr/^failed \| engage:housekeeping is for database "force", which does not exist; engage:refresh is for /, 'renamed: health() names the jobs');
like($lost, qr/ as login "olga": SELECT engage\.schedule\('\* \* \* \* \*'\);$/, 'renamed: and what to do');
is(olga('workers', 'SELECT count(*) FROM engage.job_health()'), 3, 'renamed: job_health() has them');
olga('workers', $lost =~ /"olga": (.*)/);
is(force('workers', q{SELECT string_agg(DISTINCT database, ' ') FROM cron.job WHERE username = 'olga'}), 'renamed', 'renamed: schedule() takes the jobs over');
like(whole_item(\&olga, 'workers', 'jobs'), qr/^ok /, 'renamed: the cure cures');
call_in('workers', 'renamed', '07700900104');
each_in_time('the renamed database to be refreshed', renamed => sub { flagged('workers', 'renamed', '07700900104') });
force('workers', q{UPDATE cron.job SET database = 'gone' WHERE username = 'olga'});
is(olga('workers', "SELECT string_agg(name, ' ') FROM engage.unschedule() name"), 'engage:housekeeping engage:refresh engage:verify',
	'renamed: unschedule() removes jobs of a database that is not there');
olga('workers', 'SELECT engage.schedule()');
force('workers', q{UPDATE cron.job SET database = 'postgres' WHERE username = 'olga' AND jobname = 'engage:refresh'});
fails_with($moved, 'renamed', 'SELECT engage.schedule();', '42710', qr/^HINT:  Use a login of its own for each database that has engage, or first, as a superuser: SELECT cron\.unschedule\(\d+\);$/m,
	'a job of this login for another database that is there', @olga);
force('workers', q{UPDATE cron.job SET database = 'renamed' WHERE username = 'olga'});

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
