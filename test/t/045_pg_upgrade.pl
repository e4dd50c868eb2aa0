# pg_upgrade carries the extensions over: databases with nothing but CREATE
# EXTENSION, with setup(), and with a register.  All is as it was, ids and
# rights included, verify() finds nothing before anybody has run ANALYZE, and
# the register goes on.
#
# Within the server's own version always.  ENGAGE_PG_BESIDE names directories of
# programs of other versions, divided by ':', in which the extensions are
# installed too (script/postgres-beside has some): from the older of the two to
# the newer.  Where that is of an older release than PostgreSQL upgrades to, the
# register is only made in it.

use strict;
use warnings FATAL => 'all';
use EngageTest;
use File::Basename qw(dirname);
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir;
chdir $dir or die "cannot go to $dir: $!";    # pg_upgrade writes where it is

my $here = version_of(bin_of('pg_config'));

# The version whose programs are in a directory: 15, and 20 of 15.20
sub versions_of
{
	my ($bin) = @_;
	my ($stdout) = run_command([ "$bin/pg_config", '--version' ]);

	return $stdout =~ /^PostgreSQL (\d+)(?:\.(\d+))?/ ? ($1, $2 // 0) : die "no PostgreSQL in $bin";
}

sub version_of
{
	return (versions_of(@_))[0];
}

# Releases of all versions come out together.  One that came out before the
# server that is upgraded may not know what that writes: 15.20 to 16.2 fails.
sub is_as_new
{
	my ($new_bin, $old_bin) = @_;
	my %first = (15 => 0, 16 => 4, 17 => 8, 18 => 14);    # 16.1 came with 15.5
	my ($new, $old) = map { my ($major, $minor) = versions_of($_); $minor + ($first{$major} // 99) } ($new_bin, $old_bin);

	return $new >= $old;
}

# Where PATH finds a program
sub bin_of
{
	my ($program) = @_;

	for my $bin (split /:/, $ENV{PATH})
	{
		return $bin if -x "$bin/$program";
	}
	die "there is no $program in PATH";
}

sub make_node
{
	my ($name, $bin) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name, install_path => dirname($bin));
	my @checksums = version_of($bin) >= 18 ? ('--no-data-checksums') : ();    # as older ones have none

	$node->init(extra => [ '--locale=C.UTF-8', '--encoding=UTF8', @checksums ]);
	$node->append_conf('postgresql.conf', "log_statement = none\ntimezone = 'UTC'\n");
	return $node;
}

# ------------------------------------------------------------------- registers

# Times in every way that they are stored, links, decisions, scores, markers, a
# table of the user's with types of ours under a key, and a change that waits.
sub fill
{
	my ($node) = @_;

	$node->safe_psql('postgres', 'CREATE DATABASE created; CREATE DATABASE set_up; CREATE DATABASE force;');
	$node->safe_psql($_, 'CREATE EXTENSION engage; CREATE EXTENSION engage_demo;') for qw(created set_up force);
	$node->safe_psql('set_up', 'SELECT engage.setup(); CALL engage.refresh();');
	$node->safe_psql(
		'force', q{
		SELECT engage.setup();
		SELECT engage.adopt_rules('frecann_adult');
		INSERT INTO engage.rule (name, version, kind, top_n, top_period) VALUES ('top', 1, 'top', 2, 'week');
		SELECT engage.adopt_risk_factors();
		SELECT engage_demo.simulate(people => 150, days => 28);
		SELECT engage_demo.load();
		INSERT INTO engage.known_number (number, sharing, label) SELECT number, sharing, label FROM engage_demo.place;
		INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
		SELECT 'test', n::text, timestamptz '2026-02-10' + n * interval '1 hour', '101_voice', '07700 90099' || n FROM generate_series(4, 7) n;
		CALL engage.refresh();
		SELECT engage.confirm_link('07700 900994', '07700 900995', 'she said so');
		SELECT engage.reject_link('07700 900996', '07700 900997', 'two people');
		SELECT engage.mark_caller(min(caller_id), 'vulnerable', 'case 1') FROM engage.caller;
		CALL engage.refresh();
		CREATE ROLE force_operator LOGIN IN ROLE engage_operator;
		CREATE ROLE force_loader LOGIN IN ROLE engage_loader;
		GRANT SELECT ON engage.refresh_run TO engage_bi;
		CREATE TABLE public.pattern (times engage.timeline PRIMARY KEY, often engage.criterion[],
			peak integer GENERATED ALWAYS AS (engage.peak(times, '1 day')) STORED);
		CREATE INDEX ON public.pattern (often);
		CREATE VIEW public.often AS SELECT DISTINCT unnest(often) AS often FROM public.pattern;
		INSERT INTO public.pattern SELECT timeline, '{5 per day in Europe/London,5 in 1 day}'::engage.criterion[] FROM engage.caller WHERE timeline IS NOT NULL GROUP BY 1;
		INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
		VALUES ('test', 'waits', '2026-04-01', 'email', '07700 900999');});
	return;
}

# Everything that the tables and sequences hold
sub contents
{
	my ($node, $db) = @_;
	my $relations = $node->safe_psql($db, q{
		SELECT c.oid::regclass, c.relkind = 'S' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'S') AND (n.nspname LIKE 'engage%' OR n.nspname = 'public') ORDER BY c.oid::regclass::text});
	my %contents = map { my ($name, $is_sequence) = split /\|/;
		$name => $node->safe_psql($db, $is_sequence eq 't' ? "SELECT last_value, is_called FROM $name" : "SELECT t FROM $name t ORDER BY t::text") }
	  split /\n/, $relations;

	$contents{settings} = $node->safe_psql($db, q{
		SELECT p.oid::regprocedure::text, p.proconfig FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname LIKE 'engage%' ORDER BY 1});
	$contents{triggers} = $node->safe_psql($db, q{SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2});
	# whether arrays and rows of tables are members is up to the version
	$contents{members} = $node->safe_psql($db, q{
		SELECT e.extname, e.extversion, pg_describe_object(d.classid, d.objid, 0)
		FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
		WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname LIKE 'engage%'
			AND NOT EXISTS (SELECT FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
				WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid AND (t.typcategory = 'A' OR c.relkind <> 'c'))
		ORDER BY 1, 3});
	# whose rows a dump holds
	$contents{configuration} = $node->safe_psql($db, q{
		SELECT e.extname, c.oid::regclass::text, c.condition FROM pg_extension e, unnest(e.extconfig, e.extcondition) c (oid, condition) WHERE e.extname LIKE 'engage%' ORDER BY 1, 2});
	# the right to MAINTAIN is new in 17
	$contents{rights} = join "\n", grep { !/\|MAINTAIN\|/ } split /\n/, $node->safe_psql($db, rights_query());
	$contents{groups} = $node->safe_psql($db, q{SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members WHERE roleid::regrole::text LIKE 'engage%' ORDER BY 1, 2});
	return \%contents;
}

# --------------------------------------------------------------------- upgrade

my $upgrades = 0;

sub upgrades
{
	my ($name, $old_bin, $new_bin, @mode) = @_;
	my $number = ++$upgrades;
	my ($old, $new) = (make_node("old$number", $old_bin), make_node("new$number", $new_bin));
	my @databases = qw(created set_up force);

	$old->start;
	fill($old);
	is($old->safe_psql('force', 'SELECT count(*) FROM engage.verify()'), '0', "$name: the register is in line");
	cmp_ok($old->safe_psql('force', 'SELECT count(*) FROM engage.flag'), '>', 5, "$name: there are flags");
	my %before = map { $_ => contents($old, $_) } @databases;
	$old->stop;

	# what the older one is lent by script/postgres-beside
	local $ENV{LD_LIBRARY_PATH} = join ':', dirname($old_bin) . '/lib', $ENV{LD_LIBRARY_PATH} // ();
	my $said = '';
	ok( IPC::Run::run(
			[   "$new_bin/pg_upgrade", '--no-sync', @mode, '-d', $old->data_dir, '-D', $new->data_dir, '-b', $old_bin, '-B', $new_bin,
				'-s', $new->host, '-p', $old->port, '-P', $new->port ],
			'>', \$said, '2>&1'),
		"$name: pg_upgrade") or show_failure($new, $said);
	$new->start;
	for my $db (@databases)
	{
		my $after = contents($new, $db);

		is(join(' ', sort keys %$after), join(' ', sort keys %{ $before{$db} }), "$name: $db: the same tables");
		same_lines($after->{$_}, $before{$db}{$_}, "$name: $db: $_ as before") for sort keys %{ $before{$db} };
		is($new->safe_psql($db, 'SELECT count(*) FROM engage.verify()'), '0', "$name: $db: in line, with no statistics yet");
	}
	goes_on($new, $name);
	$new->stop;
	return;
}

# The reason stands in the log of the database that could not be made.
sub show_failure
{
	my ($new, $said) = @_;

	diag($said);
	for my $log (glob($new->data_dir . '/pg_upgrade_output.d/*/log/*.log'), glob($new->data_dir . '/pg_upgrade_output.d/log/*.log'))
	{
		diag($1) if slurp_file($log) =~ /((?:.*\n){0,6}.*(?:error|ERROR|fatal|FATAL):.*(?:\n.*){0,6})/;
	}
	BAIL_OUT('pg_upgrade failed');
	return;
}

sub goes_on
{
	my ($new, $name) = @_;

	$new->safe_psql('force', q{INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
		SELECT 'later', n::text, timestamptz '2026-05-04 12:00Z' + n * interval '10 minutes', '999_voice', '07700 900998' FROM generate_series(1, 8) n},
		extra_params => [ '-U', 'force_loader' ]);
	$new->safe_psql('force', 'CALL engage.refresh()', extra_params => [ '-U', 'force_operator' ]);
	is($new->safe_psql('force', 'SELECT count(*) FROM engage.verify()', extra_params => [ '-U', 'force_operator' ]), '0', "$name: a loader and an operator go on");
	is($new->safe_psql('force', 'SELECT count(*) FROM engage_internal.dirty'), '0', "$name: nothing waits");
	is($new->safe_psql('force', q{SELECT count(*) FROM engage.caller c JOIN engage.persona p USING (caller_id) WHERE p.number IN ('+447700900999', '+447700900998')}),
		'2', "$name: neither what waited nor what is new is lost");
	cmp_ok($new->safe_psql('force', q{SELECT count(*) FROM engage.flag f JOIN engage.persona p USING (caller_id) WHERE p.number = '+447700900998'}), '>', 0,
		"$name: a new caller is flagged");
	is($new->safe_psql('force', q{SELECT string_agg(item || ' ' || status, ', ') FROM engage.health() WHERE item IN ('setup', 'rules', 'last run', 'capture', 'library') AND status <> 'ok'}),
		'', "$name: health is well");
	is($new->safe_psql('set_up', q{
			INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
			SELECT 'test', n::text, timestamptz '2026-05-04 12:00Z' + n * interval '10 minutes', '999_voice', '07700 900998' FROM generate_series(1, 8) n;
			CALL engage.refresh();
			SELECT count(*) > 0 FROM engage.flag;}), 't', "$name: the register that was set up works");
	is($new->safe_psql('created', q{SELECT engage.setup(); CALL engage.refresh(); SELECT count(*) FROM engage.verify();}), "\n0", "$name: the one that was not can be");
	$new->safe_psql('created', 'DROP EXTENSION engage_demo; DROP EXTENSION engage; CREATE EXTENSION engage;');
	is($new->safe_psql('created', 'SELECT count(*) FROM engage.rule'), '0', "$name: it can be dropped and made again");
	return;
}

# A register in a version that cannot be upgraded to
sub runs
{
	my ($other) = @_;
	my $name = version_of($other);
	my $node = make_node("alone$name", $other);

	$node->start;
	fill($node);
	is($node->safe_psql('force', 'CALL engage.refresh(); SELECT count(*) FROM engage.verify();'), '0', "$name: the register is in line");
	cmp_ok($node->safe_psql('force', 'SELECT count(*) FROM engage.flag'), '>', 5, "$name: there are flags");
	$node->stop;
	return;
}

my $bin = bin_of('pg_config');
upgrades("$here to $here", $bin, $bin);

SKIP:
{
	skip 'ENGAGE_PG_BESIDE names no other PostgreSQL', 1 unless $ENV{ENGAGE_PG_BESIDE};
	for my $other (split /:/, $ENV{ENGAGE_PG_BESIDE})
	{
		my ($old, $new) = sort { version_of($a) <=> version_of($b) } ($bin, $other);

		if (is_as_new($new, $old))
		{
			upgrades(version_of($old) . ' to ' . version_of($new), $old, $new);
		}
		else
		{
			runs($other);
			skip join('.', versions_of($old)) . ' cannot be upgraded to ' . join('.', versions_of($new)) . ', which is of an older release', 1;
		}
	}
}

done_testing();
