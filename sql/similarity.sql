-- Comparisons of names, dates and postcodes.  All names are invented, or those
-- that the literature repeats.
SET search_path = engage, engage_internal, public;
SET datestyle = ISO;

-- Jaro-Winkler: published values (Winkler prints three digits)
SELECT a, b, round(jaro_winkler(a, b)::numeric, 3) AS similarity, published,
	abs(jaro_winkler(a, b) - published) < 0.0006 AS agrees
FROM (VALUES
	('MARTHA', 'MARHTA', 0.961), ('DWAYNE', 'DUANE', 0.840), ('DIXON', 'DICKSONX', 0.813),
	('SHACKLEFORD', 'SHACKELFORD', 0.982), ('DUNNINGHAM', 'CUNNIGHAM', 0.896), ('NICHLESON', 'NICHULSON', 0.956),
	('JONES', 'JOHNSON', 0.832), ('MASSEY', 'MASSIE', 0.933), ('ABROMS', 'ABRAMS', 0.922),
	('JERALDINE', 'GERALDINE', 0.926), ('MICHELLE', 'MICHAEL', 0.921), ('JULIES', 'JULIUS', 0.933),
	('TANYA', 'TONYA', 0.880), ('SEAN', 'SUSAN', 0.805), ('JON', 'JOHN', 0.933), ('JON', 'JAN', 0.800)) AS t(a, b, published);

SELECT a, b, round(jaro_winkler(a, b)::numeric, 3) AS jaro_winkler, damerau_levenshtein(a, b)
FROM (VALUES ('', ''), ('', 'a'), ('a', ''), ('a', 'a'), ('a', 'b'), ('ab', 'ba'), ('a', 'A'), ('ca', 'abc'),
	('kitten', 'sitting'), ('abcd', 'badc'), ('née', 'nee'), ('né', 'ñé'), ('€', '£'), ('Иван', 'Ивна'), ('李小龍', '李小龙'),
	(E'e\u0301', 'é'), ('📞📟', '📟📞')) AS t(a, b);

-- the distance by its definition, for all pairs of short words over few letters
CREATE FUNCTION pg_temp.osa(a text, b text) RETURNS integer
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	distance integer;
BEGIN
	IF a = '' OR b = '' THEN
		RETURN length(a) + length(b);
	END IF;
	distance := least(
		pg_temp.osa(left(a, -1), b) + 1,
		pg_temp.osa(a, left(b, -1)) + 1,
		pg_temp.osa(left(a, -1), left(b, -1)) + (right(a, 1) <> right(b, 1))::integer);
	IF length(a) > 1 AND length(b) > 1 AND right(a, 2) = reverse(right(b, 2)) THEN
		distance := least(distance, pg_temp.osa(left(a, -2), left(b, -2)) + 1);
	END IF;
	RETURN distance;
END
$$;

CREATE TEMPORARY TABLE word AS
WITH RECURSIVE word(word) AS (
	SELECT ''
	UNION ALL
	SELECT word || letter FROM word, unnest(ARRAY['a', 'b', 'é']) AS letter WHERE length(word) < 3
)
SELECT word FROM word
UNION ALL
SELECT unnest(ARRAY['abcab', 'bacba', 'cabac', 'aébca', 'bbcaa']);

-- JIT would compile each call of the recursion
SET jit = off;
SELECT count(*) AS pairs, count(*) FILTER (WHERE damerau_levenshtein(a.word, b.word) <> pg_temp.osa(a.word, b.word)) AS mismatches
FROM word a, word b;
RESET jit;

-- and by a table in SQL arrays, for longer words: also over 64 characters,
-- where another algorithm computes it
CREATE FUNCTION pg_temp.osa_table(a text, b text) RETURNS integer
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	x text[] := string_to_array(a, NULL);
	y text[] := string_to_array(b, NULL);
	before integer[];
	last integer[];
	here integer[] := '{0}';
BEGIN
	FOR j IN 1..length(b) LOOP
		here[j + 1] := j;
	END LOOP;
	FOR i IN 1..length(a) LOOP
		before := last;
		last := here;
		here := ARRAY[i];
		FOR j IN 1..length(b) LOOP
			here[j + 1] := least(here[j] + 1, last[j + 1] + 1, last[j] + (x[i] <> y[j])::integer);
			IF i > 1 AND j > 1 AND x[i] = y[j - 1] AND x[i - 1] = y[j] THEN
				here[j + 1] := least(here[j + 1], before[j - 1] + 1);
			END IF;
		END LOOP;
	END LOOP;
	RETURN here[length(b) + 1];
END
$$;

-- texts that look random: letters out of the digits of MD5
CREATE TEMPORARY TABLE generated AS
SELECT i, translate(left(repeat(md5(i::text), 3), 60 + i % 12), '0123456789abcdef', 'abcdéabcdéabcdéa') AS long,
	translate(left(md5(i::text), i % 13), '0123456789abcdef', 'abcdeabcdeabcdea') AS short
FROM generate_series(1, 40) AS i;
UPDATE generated SET long = left(long, 20) || substr(long, 22, 1) || substr(long, 21, 1) || substr(long, 24) WHERE i % 3 = 0;

SELECT count(*) AS pairs,
	count(*) FILTER (WHERE damerau_levenshtein(a.short, b.short) <> pg_temp.osa_table(a.short, b.short)) AS mismatches,
	count(*) FILTER (WHERE damerau_levenshtein(a.short, b.short) <> damerau_levenshtein(b.short, a.short)) AS asymmetric
FROM generated a, generated b;
SELECT count(*) AS pairs,
	count(*) FILTER (WHERE damerau_levenshtein(a.long, b.long) <> pg_temp.osa_table(a.long, b.long)) AS mismatches
FROM generated a, generated b WHERE a.i <= 8 AND b.i > a.i AND b.i <= 16;

-- Jaro-Winkler by its definition
CREATE FUNCTION pg_temp.jaro_winkler(a text, b text) RETURNS double precision
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	x text[] := string_to_array(a, NULL);
	y text[] := string_to_array(b, NULL);
	reach integer := greatest(greatest(length(a), length(b)) / 2 - 1, 0);
	taken boolean[] := array_fill(false, ARRAY[length(b)]);
	x_matched text := '';
	m double precision;
	moved integer := 0;
	at integer := 0;
	jaro double precision;
	prefix integer := 0;
BEGIN
	FOR i IN 1..length(a) LOOP
		FOR j IN greatest(1, i - reach)..least(length(b), i + reach) LOOP
			IF x[i] = y[j] AND NOT taken[j] THEN
				taken[j] := true;
				x_matched := x_matched || x[i];
				EXIT;
			END IF;
		END LOOP;
	END LOOP;
	m := length(x_matched);
	IF m = 0 THEN
		RETURN (a = b)::integer;
	END IF;
	FOR j IN 1..length(b) LOOP
		CONTINUE WHEN NOT taken[j];
		at := at + 1;
		moved := moved + (substr(x_matched, at, 1) <> y[j])::integer;
	END LOOP;
	jaro := (m / length(a) + m / length(b) + (m - moved / 2) / m) / 3;
	WHILE prefix < least(4, length(a), length(b)) AND x[prefix + 1] = y[prefix + 1] LOOP
		prefix := prefix + 1;
	END LOOP;
	RETURN jaro + prefix * 0.1 * (1 - jaro);
END
$$;

WITH text(text) AS (SELECT short FROM generated UNION SELECT word FROM word UNION SELECT long FROM generated WHERE i <= 12)
SELECT count(*) AS pairs,
	count(*) FILTER (WHERE abs(jaro_winkler(a.text, b.text) - pg_temp.jaro_winkler(a.text, b.text)) > 1e-9) AS mismatches,
	count(*) FILTER (WHERE jaro_winkler(a.text, b.text) <> jaro_winkler(b.text, a.text)) AS asymmetric,
	count(*) FILTER (WHERE jaro_winkler(a.text, b.text) NOT BETWEEN 0 AND 1) AS out_of_bounds,
	count(*) FILTER (WHERE (jaro_winkler(a.text, b.text) = 1) <> (a.text = b.text)) AS one_but_different
FROM text a, text b;

-- names
SELECT replace(name, E'\u200b', '<200b>') AS name, name_key(name), sound_key(name)	-- its width differs between versions of psql
FROM (VALUES
	('  Mary  Jane '), ('O''Neil'), ('O’Neil'), ('O`NEIL'), ('Smith-Jones'), ('St. John'), ('Renée'), ('Ångström'), ('Weiß'),
	('WEIẞ'), ('Łukasz'), ('Ærøskøbing'), ('Þór'), ('Œuvre'), ('Ĳsbrand'), (E'Jose\u0301'), ('Nguyễn'), ('Ștefan'), ('İlkay'),
	('Əliyev'), (E'Anne\u00a0Marie'), (E'Anne\u200bMarie'), ('ＡＢ'), ('Иван-Петр'), ('李小龍'), ('John 3rd'), ('R2 22'),
	('Smith'), ('Smyth'), ('Katherine'), ('Catharine'), ('Philip'), ('Fillip'), ('Dixon'), ('Dickson'), ('Geoffrey'), ('Jeffrey'),
	('Steven'), ('Stephen'), ('Lawrence'), ('Laurence'), ('MacDonald'), ('Mac Donald'), ('Hannah'), ('Yvonne'), ('Xavier'), ('Lloyd'),
	(''), (' '), ('''-.'), ('%s%n')) AS t(name);

-- a key is its own key, every Latin letter with a mark has one, and it is of
-- lower-case ASCII
SELECT count(*) AS letters, count(*) FILTER (WHERE name_key(name_key(chr(c))) <> name_key(chr(c))) AS unstable,
	count(*) FILTER (WHERE name_key(chr(c)) !~ '^[a-z]{1,2}$') AS not_ascii,
	count(*) FILTER (WHERE name_key(upper(chr(c))) <> name_key(lower(chr(c)))) AS by_case
FROM generate_series(192, 383) AS c WHERE c NOT IN (215, 247);

-- dates
SELECT a, b, date_similarity(a, b), date_similarity(b, a) = date_similarity(a, b) AS symmetric
FROM (VALUES
	('1984-03-07'::date, '1984-03-07'::date), ('1984-03-07', '1984-03-08'), ('1984-03-07', '1934-03-07'), ('1984-03-07', '1984-03-17'),
	('1984-03-12', '1984-03-21'), ('1984-03-07', '1948-03-07'), ('1984-03-07', '1984-07-03'), ('1984-03-12', '1984-12-03'),
	('1984-03-07', '1984-03-19'), ('1984-03-07', '1957-03-07'), ('1984-03-07', '1957-03-25'), ('1984-03-07', '1984-11-25'),
	('1984-03-07', '1985-11-25'), ('1984-12-31', '1985-01-01'), ('1984-03-07', '1957-11-25'), ('1984-10-01', '1985-01-01'),
	('1999-12-31', '2000-01-01'), ('0044-03-15 BC', '0044-03-15'), ('0001-01-01 BC', '0001-01-01'), ('4713-01-01 BC', '5874897-12-31')) AS t(a, b);

-- the digits by text: one is changed or two are swapped
CREATE FUNCTION pg_temp.one_digit(a text, b text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	wrong integer := 0;
BEGIN
	FOR i IN 1..8 LOOP
		wrong := wrong + (substr(a, i, 1) <> substr(b, i, 1))::integer;
		IF overlay(a PLACING reverse(substr(a, i, 2)) FROM i FOR 2) = b THEN
			RETURN true;
		END IF;
	END LOOP;
	RETURN wrong = 1;
END
$$;
WITH day(day) AS (SELECT '1979-11-28'::date + i * 11 FROM generate_series(0, 120) AS i),
	pair AS (SELECT a.day AS a, b.day AS b, date_similarity(a.day, b.day) AS got FROM day a, day b)
SELECT got, count(*) AS pairs, count(*) FILTER (WHERE got <> CASE
		WHEN a = b THEN 'same'
		WHEN pg_temp.one_digit(to_char(a, 'YYYYMMDD'), to_char(b, 'YYYYMMDD')) THEN 'one digit'
		WHEN to_char(a, 'YYYYMMDD') = to_char(b, 'YYYYDDMM') THEN 'day and month swapped'
		WHEN to_char(a, 'YYYYMM') = to_char(b, 'YYYYMM') OR to_char(a, 'YYYYDD') = to_char(b, 'YYYYDD')
			OR to_char(a, 'MMDD') = to_char(b, 'MMDD') THEN 'two parts same'
		WHEN to_char(a, 'YYYY') = to_char(b, 'YYYY') THEN 'year same'
		WHEN abs(extract(year FROM a) - extract(year FROM b)) <= 1 THEN 'near'
		ELSE 'different' END) AS mismatches
FROM pair GROUP BY 1 ORDER BY 1;

-- postcodes
SELECT raw, (postcode_parts(raw)).*
FROM (VALUES
	('SW1A 1AA'), (' sw1a1aa '), ('s w 1 a - 1 a a'), (E'SW1A\u00a01AA'), ('Z1 1ZZ'), ('Z11 1ZZ'), ('Z1Z 1ZZ'), ('ZZ1 1ZZ'), ('ZZ11 1ZZ'),
	('ZZ0 1ZZ'), ('SW1A'), ('sw 11'), ('Z1'), ('SW1 1'), ('SW1A 1'), ('SW1A 1A'), ('SW1A 1AAA'), ('SW1A 1CA'), ('SW1A OAA'),
	('SW1A 1AA!'), ('A01 1AA'), ('GIR 0AA'), ('ABCDEFG'), ('12345'), ('A'), (''), (' '), ('É1 1AA')) AS t(raw);
SELECT postcode_parts('SW1A 1AA' || repeat(' ', 56)), postcode_parts('SW1A 1AA' || repeat(' ', 57));
-- every part is read again as what it is
SELECT count(*) AS postcodes, count(*) FILTER (WHERE parts IS DISTINCT FROM postcode_parts((parts).unit)) AS unstable,
	count(*) FILTER (WHERE (parts).area <> (postcode_parts((parts).district)).area) AS other_area,
	count(*) FILTER (WHERE (parts).unit IS NULL OR replace((parts).unit, ' ', '') <> raw) AS other_unit
FROM (SELECT outward || inward AS raw, postcode_parts(outward || inward) AS parts
	FROM unnest(ARRAY['A1', 'A12', 'A1B', 'AB1', 'AB12', 'AB1C', 'AB0']) AS outward, unnest(ARRAY['0AA', '1ZZ', '9BD']) AS inward) AS p;

-- NULL
SELECT jaro_winkler(NULL, 'a') IS NULL, jaro_winkler('a', NULL) IS NULL, damerau_levenshtein(NULL, 'a') IS NULL,
	damerau_levenshtein('a', NULL) IS NULL, name_key(NULL) IS NULL, sound_key(NULL) IS NULL,
	date_similarity(NULL, '2000-01-01') IS NULL, date_similarity('2000-01-01', NULL) IS NULL, postcode_parts(NULL) IS NULL;

-- long texts: the first 256 characters of names
SELECT jaro_winkler(repeat('a', 256) || 'b', repeat('a', 256) || 'c') AS same, jaro_winkler(repeat('é', 300), repeat('é', 256)) AS same,
	round(jaro_winkler(repeat('a', 255) || 'b', repeat('a', 255) || 'c')::numeric, 4) AS not_quite,
	length(name_key(repeat('x', 100000))) AS key, name_key(repeat('é', 300)) = repeat('e', 256) AS key_is_ascii,
	name_key(repeat(' ', 256) || 'a') IS NULL AS only_blanks, sound_key(repeat('ab', 100000)) AS sound;

-- errors
CREATE FUNCTION pg_temp.error_of(statement text) RETURNS TABLE (state text, message text, detail text, hint text)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN NEXT;
END
$$;
SELECT damerau_levenshtein(repeat('é', 1000), repeat('a', 999)) AS longest;
SELECT e.* FROM (VALUES ('repeat(''a'', 1001), '''''), (''''', repeat(''é'', 1001)'), ('repeat(''a'', 1000000), repeat(''b'', 1000000)')) AS t(arguments),
	pg_temp.error_of(format('SELECT engage.damerau_levenshtein(%s)', arguments)) AS e;
SELECT e.* FROM (VALUES ('''infinity'', ''2000-01-01'''), ('''2000-01-01'', ''-infinity'''), ('''infinity'', ''infinity''')) AS t(arguments),
	pg_temp.error_of(format('SELECT engage.date_similarity(%s)', arguments)) AS e;

-- in an index
CREATE TEMPORARY TABLE person (name text);
INSERT INTO person VALUES ('Zoë Example'), ('Zoe Example'), ('Max Sample');
CREATE INDEX ON person (name_key(name), sound_key(name));
SELECT name FROM person WHERE name_key(name) = name_key('ZOE EXAMPLE') ORDER BY name COLLATE "C";

SELECT proname, pg_get_function_arguments(oid), pg_get_function_result(oid), provolatile, proisstrict, proparallel
FROM pg_proc WHERE pronamespace = 'engage'::regnamespace
	AND proname IN ('jaro_winkler', 'damerau_levenshtein', 'name_key', 'sound_key', 'date_similarity', 'postcode_parts') ORDER BY 1;
