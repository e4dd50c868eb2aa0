-- engage.aml: Advanced Mobile Location messages
SET search_path = engage, engage_internal, public;
SET timezone = 'UTC';
SET datestyle = ISO;
SET extra_float_digits = 1;

-- the two examples of Android's specification
SELECT * FROM aml('A"ML=1;lt=+51.53321;lg=-0.12601;rd=14;top=20220131171748;lc=68;pm=W;si=234159000000000;ei=123456789012345;mcc=234;mnc=15;ml=126');
SELECT * FROM aml('A"ML=1;lt=+00.00000;lg=+000.00000;rd=N;top=20220131173734;lc=0;pm=N;si=234159000000000;ei=123456789012345;mcc=234;mnc=15;ml=127');

-- no position, however it is said: never (0,0)
SELECT said, (aml(said)).latitude IS NULL AND (aml(said)).longitude IS NULL AND (aml(said)).radius_m IS NULL AS none, (aml(said)).method
FROM (VALUES
	('A"ML=1;lt=+00.00000;lg=+000.00000;rd=14;pm=N'), ('A"ML=1;lt=+51.53321;lg=-0.12601;rd=N;pm=W'),
	('A"ML=1;lt=+51.53321;lg=-0.12601;rd=14;pm=N'), ('A"ML=1;lt=0;lg=0;rd=14;pm=G'), ('A"ML=1;lt=-0.0;lg=+0.00'),
	('A"ML=1;lt=N;lg=N;rd=N;pm=N'), ('A"ML=1;lt=;lg=;rd=;pm='), ('A"ML=1;rd=14;pm=G'), ('A"ML=1'), ('A"ML=1;')) AS t(said);

-- one coordinate may be zero; a radius need not be there
SELECT said, (aml(said)).latitude, (aml(said)).longitude, (aml(said)).radius_m
FROM (VALUES
	('A"ML=1;lt=+51.47788;lg=0.00000;rd=5'), ('A"ML=1;lt=-0.00000;lg=-9.99999;rd=20.5'), ('A"ML=1;lt=90;lg=-180;rd=0'),
	('A"ML=1;lt=-90.0;lg=+180.0000'), ('A"ML=1;lt=51.4778831;lg=-00.0014567;rd=')) AS t(said);

-- order, case, blanks, an unknown key and a last semicolon do not matter
SELECT aml(E'  a"ml=1; LG=-0.12601 ;lt = +51.53321;zz=1;zz=2;xyz=a=b;pm=w;top=20220131171748;\r\n')
	= aml('A"ML=1;lt=+51.53321;lg=-0.12601;top=20220131171748;pm=W') AS same;

-- every value
SELECT method, (aml('A"ML=1;pm=' || method)).method AS means FROM unnest(ARRAY['G', 'W', 'C', 'N', 'U', 'F', '']) AS method;
SELECT top, (aml('A"ML=1;top=' || top)).positioned_at
FROM unnest(ARRAY['20220131171748', '20240229235959', '20000229000000', '19700101000000', '19691231235959', '00010101000000', '99991231235959', 'N', '']) AS top;
SELECT count(*) AS days, count(*) FILTER (WHERE (aml('A"ML=1;top=' || to_char(at, 'YYYYMMDDHH24MISS'))).positioned_at = at) AS same
FROM generate_series(timestamptz '1890-01-01 00:00:01', '2110-01-01', '1 day 1 minute 1 second') AS at;
SELECT lc, (aml('A"ML=1;lc=' || lc)).confidence FROM unnest(ARRAY['0', '68', '100', '68.4', '68.5', 'N', '']) AS lc;
SELECT si, (aml('A"ML=1;si=' || si)).imsi_prefix
FROM unnest(ARRAY['234159000000000', '234159123456789', '234159', '000000000000000', '']) AS si;
SELECT ei, (aml('A"ML=1;ei=' || ei)).imei
FROM unnest(ARRAY['123456789012345', '12345678901234', '1234567890123456', '000000000000000', 'N']) AS ei;
SELECT (aml('A"ML=1;mcc=001;mnc=00;ml=9999')).*;

-- what is malformed is an error that names the key and repeats nothing else
CREATE FUNCTION pg_temp.problem(payload text) RETURNS TABLE (state text, message text, detail text, hint text)
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM engage.aml(payload);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN NEXT;
END
$$;
SELECT state, message, hint FROM pg_temp.problem('A"ML=1;lt=91;lg=0');
SELECT replace(said, E'\ufeff', '<feff>') AS said, state, detail	-- its width differs between versions of psql
FROM (VALUES
	(''), ('   '), (';'), ('='), ('A"ML'), ('AML=1'), ('A"ML='), ('A"ML=N'), ('A"ML=2;lo=51.53321,-0.12601,14'), ('A"ML=01'), ('lt=1;lg=1;A"ML=1'),
	('A"ML=1;;lt=1;lg=1'), ('A"ML=1;lt'), ('A"ML=1;=1'), ('A"ML=1; '';'), ('A"ML=1;lt:1'),
	('A"ML=1;lt=+90.00001;lg=1'), ('A"ML=1;lt=-90.1;lg=1'), ('A"ML=1;lt=1;lg=180.1'), ('A"ML=1;lt=1;lg=-181'),
	('A"ML=1;lt=1'), ('A"ML=1;lg=1'), ('A"ML=1;lt=1;lg=N'), ('A"ML=1;lt=1;rd=N'),
	('A"ML=1;lt=++1;lg=1'), ('A"ML=1;lt=+;lg=1'), ('A"ML=1;lt=.5;lg=1'), ('A"ML=1;lt=5.;lg=1'), ('A"ML=1;lt=1.2.3;lg=1'),
	('A"ML=1;lt=1e1;lg=1'), ('A"ML=1;lt=NaN;lg=1'), ('A"ML=1;lt=inf;lg=1'), ('A"ML=1;lt=0x10;lg=1'), ('A"ML=1;lt=1 1;lg=1'), ('A"ML=1;lt=1,5;lg=1'),
	('A"ML=1;lt=0.0000000000000001;lg=1'), ('A"ML=1;rd=-1'), ('A"ML=1;rd=-0.5'), ('A"ML=1;rd=9999999999999999'), ('A"ML=1;rd=NN'),
	('A"ML=1;top=2022013117174'), ('A"ML=1;top=202201311717480'), ('A"ML=1;top=20220229120000'), ('A"ML=1;top=21000229120000'), ('A"ML=1;top=20221301120000'),
	('A"ML=1;top=20220001120000'), ('A"ML=1;top=20220100120000'), ('A"ML=1;top=20220431120000'), ('A"ML=1;top=20220101240000'), ('A"ML=1;top=20220101126000'),
	('A"ML=1;top=20161231235960'), ('A"ML=1;top=00000101000000'), ('A"ML=1;top=2022-01-31 17:'), ('A"ML=1;top=+2022013117174'),
	('A"ML=1;lc=101'), ('A"ML=1;lc=100.1'), ('A"ML=1;lc=-1'), ('A"ML=1;lc=68%'), ('A"ML=1;pm=WG'), ('A"ML=1;pm=1'), ('A"ML=1;pm=?'),
	('A"ML=1;si=23415'), ('A"ML=1;si=2341590000000000'), ('A"ML=1;si=23415X000000000'), ('A"ML=1;ei=1234567890123'), ('A"ML=1;ei=12345678901234567'),
	('A"ML=1;ei=12345678901234A'), ('A"ML=1;mcc=23'), ('A"ML=1;mcc=2345'), ('A"ML=1;mnc=1'), ('A"ML=1;mnc=1234'), ('A"ML=1;mnc=1X'), ('A"ML=1;ml=x'), ('A"ML=1;ml=-1'), ('A"ML=1;ml=12345'),
	('A"ML=1;lt=1;lg=1;lt=1'), ('A"ML=1;lt=;LT=1;lg=1'), ('A"ML=1;ei=123456789012345;ei=123456789012345'), ('A"ML=1;ml=1;ml=1'), ('A"ML=1;A"ML=1'),
	(E'A"ML=1;lt=1\u0661;lg=1'), (E'A"ML=1;lt=1;lg=1\x01'), (E'\ufeffA"ML=1;lt=1;lg=1')) AS t(said)
	LEFT JOIN LATERAL pg_temp.problem(said) ON true;
-- long ones
SELECT note, state, detail
FROM (VALUES
	('1024 bytes', 'A"ML=1;lt=1;lg=1;zz=' || repeat('9', 1004)), ('1025 bytes', 'A"ML=1;lt=1;lg=1;zz=' || repeat('9', 1005)),
	('10,000 semicolons', 'A"ML=1' || repeat(';', 10000)), ('10,000 blanks around it', repeat(' ', 10000) || 'A"ML=1' || repeat(' ', 10000)),
	('200 keys', 'A"ML=1' || repeat(';z=1', 200))) AS t(note, said)
	LEFT JOIN LATERAL pg_temp.problem(said) ON true;

SELECT aml(NULL) IS NULL AS null_gives_null;

-- in parallel workers
CREATE TABLE aml_parallel AS
SELECT 'A"ML=1;lt=+51.' || i || ';lg=-0.5;rd=14;top=20220131171748;lc=68;pm=W' AS payload FROM generate_series(10000, 29999) AS i;
ALTER TABLE aml_parallel SET (parallel_workers = 2);
ANALYZE aml_parallel;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT sum((aml(payload)).latitude) FROM aml_parallel;
SELECT count(*), min((aml(payload)).latitude), max((aml(payload)).latitude), max((aml(payload)).positioned_at) FROM aml_parallel;
DROP TABLE aml_parallel;

SELECT proname, pg_get_function_result(oid), provolatile, proisstrict, proparallel
FROM pg_proc WHERE pronamespace = 'engage'::regnamespace AND proname = 'aml';
