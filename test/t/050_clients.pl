# Real clients of dashboards: over TLS 1.2, with a password and SCRAM, a login of
# each of the three roles finds, describes and reads every view of its schema,
# and nothing else.  Power BI is stood in for by test/clients/npgsql_probe.c.

use strict;
use warnings FATAL => 'all';
use Cwd qw(abs_path);
use EngageTest;
use File::Basename qw(dirname);
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir;
my $clients = dirname(abs_path(__FILE__)) . '/../clients';
my $JDBC = '/usr/share/java/postgresql.jar';
my $PASSWORD = 'invented-for-this-test';
my %SCHEMA = (powerbi => 'engage_bi', coordinator => 'engage_bi_named', publisher => 'engage_bi_public');

# ------------------------------------------------- certificates and programs

sub must_run
{
	my (@command) = @_;
	my ($stdout, $stderr);

	IPC::Run::run(\@command, '<', \undef, '>', \$stdout, '2>', \$stderr) or die "@command: $stderr$stdout";
	return $stdout;
}

# Two authorities, and a certificate of the server by the first.
sub make_authority
{
	my ($name) = @_;

	must_run(qw(openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj), "/CN=$name", '-keyout', "$dir/$name.key", '-out', "$dir/$name.crt");
	return;
}

make_authority($_) for qw(authority stranger);
append_to_file("$dir/server.ext", "subjectAltName = DNS:localhost, IP:127.0.0.1\n");
must_run(qw(openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout), "$dir/server.key", '-out', "$dir/server.csr");
must_run(
	qw(openssl x509 -req -days 2 -set_serial 1 -in), "$dir/server.csr", '-CA', "$dir/authority.crt", '-CAkey', "$dir/authority.key",
	'-extfile', "$dir/server.ext", '-out', "$dir/server.crt");
chmod 0600, "$dir/server.key" or die $!;

chomp(my ($include, $libdir) = map { must_run('pg_config', $_) } qw(--includedir --libdir));
my @CC = qw(cc -std=gnu99 -O1 -Wall -Wextra -Werror);
must_run(@CC, "-I$include", "$clients/npgsql_probe.c", '-o', "$dir/npgsql_probe", "-L$libdir", '-lpq');
must_run(@CC, "$clients/odbc_probe.c", '-o', "$dir/odbc_probe", '-lodbc');
must_run(qw(javac -Xlint:all -Werror -d), $dir, "$clients/Metadata.java");

# -------------------------------------------------------------------- server

my $node = engage_node(
	'clients', qq{
	listen_addresses = '127.0.0.1'
	ssl = on
	ssl_cert_file = '$dir/server.crt'
	ssl_key_file = '$dir/server.key'
	ssl_max_protocol_version = 'TLSv1.2'
	password_encryption = 'scram-sha-256'
	max_parallel_workers_per_gather = 0
});
my $port = $node->port;

$node->safe_psql('postgres', 'CREATE DATABASE force');
$node->safe_psql(
	'force', q{
	SET client_min_messages = warning;
	CREATE EXTENSION engage;
	CREATE EXTENSION engage_demo;
	SELECT engage.setup();
	SELECT engage.adopt_rules('frecann_adult');
	SELECT engage.adopt_risk_factors();
	SELECT engage_demo.simulate(people => 200, days => 84, start_on => current_date - 84);
	SELECT engage_demo.load();
	INSERT INTO engage.district (district, label, csu) SELECT DISTINCT district, initcap(district), 'Invented CSU' FROM engage_demo.person WHERE district IS NOT NULL;
	INSERT INTO engage.incident_code (code, label, category, demand_class, is_policing)
	SELECT closing_code, initcap(subject), 'Simulated', demand_class, demand_class = 'policing' FROM engage_demo.topic;
	CALL engage.refresh();
	SELECT engage.publish_months();
	ANALYZE;});
$node->safe_psql('force', "SELECT engage.set_up_bi_login('$_', '$SCHEMA{$_}'); ALTER ROLE $_ PASSWORD '$PASSWORD';") for sort keys %SCHEMA;
unlink $node->data_dir . '/pg_hba.conf';
$node->append_conf('pg_hba.conf', "local all all trust\nhostssl force all 127.0.0.1/32 scram-sha-256\n");
$node->reload;

$ENV{PGPASSWORD} = $PASSWORD;
$ENV{PGSSLROOTCERT} = "$dir/authority.crt";

sub conninfo
{
	my ($login, %options) = @_;
	my %all = (
		host => 'localhost', port => $port, dbname => 'force', user => $login, sslmode => 'verify-full', channel_binding => 'disable',
		gssencmode => 'disable', ssl_max_protocol_version => 'TLSv1.2', connect_timeout => 30, %options);

	return join ' ', map { "$_='$all{$_}'" } sort keys %all;
}

# What a login sees: output, or what went wrong.
sub as_login
{
	my ($login, $sql, %options) = @_;
	my ($stdout, $stderr);

	IPC::Run::run([ qw(psql -X -A -t -q -v VERBOSITY=verbose -v ON_ERROR_STOP=1 -d), conninfo($login, %options), '-c', $sql ], '<', \undef, '>', \$stdout, '2>', \$stderr);
	chomp $stdout;
	return ($stdout, $stderr);
}

sub refused
{
	my ($login, $sql, $reason, $name, %options) = @_;
	my (undef, $stderr) = as_login($login, $sql, %options);

	like($stderr, $reason, $name);
	return;
}

# ----------------------------------------------------------------- connection

for my $login (sort keys %SCHEMA)
{
	my ($ssl, $error) = as_login($login, 'SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()');

	is("$ssl$error", 't|TLSv1.2', "$login: connects over TLS 1.2");
	like($node->safe_psql('force', "SELECT rolpassword FROM pg_authid WHERE rolname = '$login'"), qr/^SCRAM-SHA-256\$/, "$login: has a SCRAM verifier");
	refused($login, 'SELECT', qr/no pg_hba\.conf entry .* no encryption/, "$login: is not let in without encryption", sslmode => 'disable');
	is((as_login($login, 'SHOW statement_timeout'))[0], '230s', "$login: has a time-out");
	is((as_login($login, 'SHOW search_path'))[0], $SCHEMA{$login}, "$login: has its schema in the path");
	refused($login, 'CREATE TABLE pg_temp.t ()', qr/ERROR:  25006: /, "$login: is read-only");
	refused($login, "SET TRANSACTION READ WRITE; CREATE TABLE $SCHEMA{$login}.t ()", qr/ERROR:  42501: /, "$login: and may write nothing if it were not");
}
refused('powerbi', 'SELECT', qr/certificate verify failed/, 'a certificate of another authority is not trusted', sslrootcert => "$dir/stranger.crt");
refused('powerbi', 'SELECT', qr/password authentication failed/, 'a wrong password is refused', password => 'wrong');

# ---------------------------------------------------------------------- rights

my @ALL_VIEWS = split /\n/, $node->safe_psql('force', q{
	SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname IN ('engage_bi', 'engage_bi_named', 'engage_bi_public') ORDER BY 1});

for my $login (sort keys %SCHEMA)
{
	my $schema = $SCHEMA{$login};
	my $tries = join '', map { "SELECT FROM $_ LIMIT 0;\n" } @ALL_VIEWS, 'engage.contact', 'engage.persona', 'engage.caller', 'engage.flag';
	my ($stdout, $stderr);

	# one session, in which each may fail
	IPC::Run::run([ qw(psql -X -q -v VERBOSITY=verbose -d), conninfo($login) ], '<', \$tries, '>', \$stdout, '2>', \$stderr);
	is(scalar(() = $stderr =~ /ERROR:  42501: permission denied for (?:schema|view|table) /g),
		grep({ !/^\Q$schema\E\./ } @ALL_VIEWS) + 4, "$login: views of other schemas and tables are denied");
	is(scalar(() = $stderr =~ /ERROR: /g), scalar(() = $stderr =~ /ERROR:  42501: /g), "$login: and nothing else fails");
}

# --------------------------------------------------------------------- clients

my %CLIENT = (
	'Npgsql' => sub { my ($login, $schema) = @_; return ("$dir/npgsql_probe", conninfo($login), $schema); },
	'JDBC' => sub {
		my ($login, $schema) = @_;
		my $url = "jdbc:postgresql://localhost:$port/force?user=$login&password=$PASSWORD&sslmode=verify-full&sslrootcert=$dir/authority.crt";
		return (qw(java -Xshare:auto -cp), "$JDBC:$dir", 'Metadata', $url, $schema);
	},
	'ODBC' => sub {
		my ($login, $schema) = @_;
		return ("$dir/odbc_probe", "Driver={PostgreSQL Unicode};Servername=localhost;Port=$port;Database=force;UID=$login;PWD=$PASSWORD;SSLmode=verify-full", $schema);
	});

sub probe
{
	my ($client, $login) = @_;
	my ($stdout, $stderr);
	my $good = IPC::Run::run([ $CLIENT{$client}->($login, $SCHEMA{$login}) ], '<', \undef, '>', \$stdout, '2>', \$stderr);

	return ($good, $stdout, $stderr);
}

for my $login (sort keys %SCHEMA)
{
	my $schema = $SCHEMA{$login};
	my @views = map { /^\Q$schema\E\.(.*)/ ? $1 : () } @ALL_VIEWS;
	my %rows;

	cmp_ok(scalar @views, '>', 0, "$schema has views");
	for my $client (sort keys %CLIENT)
	{
		my ($good, $stdout, $stderr) = probe($client, $login);
		my @passed = $stdout =~ /^ok /mg;

		is(join("\n", grep { /^not ok/ } split /\n/, $stdout), '', "$client, $schema: nothing fails");
		is($stderr, '', "$client, $schema: nor is anything said");
		ok($good && $stdout =~ /^1\.\.(\d+)$/m && $1 == @passed, "$client, $schema: all " . @passed . ' checks are run');
		$rows{$client} = join "\n", sort grep { /^# / } split /\n/, $stdout;
		is(join(' ', map { /^# \Q$schema\E\.(\w+):/ } split /\n/, $rows{$client}), join(' ', sort @views), "$client, $schema: every view is read");
	}
	is($rows{$_}, $rows{Npgsql}, "$_ reads as many rows of $schema as Npgsql") for qw(JDBC ODBC);
	unlike($rows{Npgsql}, qr/(?<!fact_one_contact_away): 0 rows$/m, "$schema: no view is empty that need not be");
}
is((as_login('powerbi', 'SELECT count(*) > 1000 FROM fact_contact'))[0], 't', 'there was something to read');

# -------------------------------------- what clients cannot read makes it fail

my %PLANTED = (
	'timestamptz' => [ 'now()', qw(Npgsql JDBC ODBC) ],
	'text[]' => [ q{'{a}'::text[]}, qw(Npgsql JDBC ODBC) ],
	'interval' => [ q{interval '1 day'}, qw(Npgsql JDBC ODBC) ],
	'jsonb' => [ q{'{}'::jsonb}, qw(Npgsql JDBC ODBC) ],
	'uuid' => [ 'gen_random_uuid()', qw(Npgsql JDBC ODBC) ],
	'enum' => [ q{'999_voice'::engage.contact_channel}, qw(Npgsql JDBC ODBC) ],
	'custom type' => [ q{'3 in 1 day'::engage.criterion}, qw(Npgsql JDBC ODBC) ],
	'infinite date' => [ q{'infinity'::date}, 'Npgsql' ],
	'infinite timestamp' => [ q{'-infinity'::timestamp}, 'Npgsql' ],
	'date before .NET' => [ q{'0002-01-01 BC'::date}, 'Npgsql' ],
	'wide numeric' => [ '1.0 / 3 * (1.0 / 7) * (1.0 / 11)', 'Npgsql' ],
	'big numeric' => [ '79228162514264337593543950336', 'Npgsql' ],
	'not a number' => [ q{'NaN'::float8}, 'Npgsql' ]);

for my $what (sort keys %PLANTED)
{
	my ($expression, @fail) = @{ $PLANTED{$what} };

	$node->safe_psql('force', "CREATE VIEW engage_bi_named.planted AS SELECT 1 AS good, $expression AS planted_column;
		COMMENT ON VIEW engage_bi_named.planted IS 'x'; COMMENT ON COLUMN engage_bi_named.planted.good IS 'x'; COMMENT ON COLUMN engage_bi_named.planted.planted_column IS 'x';
		GRANT SELECT ON engage_bi_named.planted TO engage_bi_named;");
	for my $client (@fail)
	{
		my ($good, $stdout) = probe($client, 'coordinator');
		my @failed = grep { /^not ok/ } split /\n/, $stdout;

		ok(!$good && grep({ /planted_column/ } @failed) && !grep({ !/^not ok - engage_bi_named\.planted: / } @failed), "$client finds a column: $what") or diag($stdout);
	}
	$node->safe_psql('force', 'DROP VIEW engage_bi_named.planted');
}

# What fits is not refused; a view without a comment is found by JDBC.
$node->safe_psql('force', q{CREATE VIEW engage_bi_named.planted AS SELECT 79228162514264337593543950335 AS most, -1.0000000000000000000000000001 AS scale_28,
	1e28 AS weight, 0.5 AS half, '0001-01-01'::date AS first_day, '9999-12-31 23:59:59.999999'::timestamp AS last_moment;
	GRANT SELECT ON engage_bi_named.planted TO engage_bi_named;});
my ($good, $stdout) = probe('Npgsql', 'coordinator');
is(join("\n", grep { /^not ok/ } split /\n/, $stdout), '', 'Npgsql: numbers and times just within the limits are read');
($good, $stdout) = probe('JDBC', 'coordinator');
is(scalar(() = $stdout =~ /^not ok .*planted: .*has no comment/mg), 2, 'JDBC finds a view and columns without comments');

# So is a column whose values have no place in a relationship's other side.
$node->safe_psql('force', q{DROP VIEW engage_bi_named.planted;
	CREATE VIEW engage_bi.planted AS SELECT 20990101 AS date_key, 1 AS planted_count; GRANT SELECT ON engage_bi.planted TO engage_bi;});
($good, $stdout) = probe('Npgsql', 'powerbi');
like($stdout, qr/^not ok - engage_bi\.planted: DirectQuery: join with dim_date # 1 rows become 0/m, 'Npgsql finds a key that is not in its dimension');

$node->stop;
done_testing();
