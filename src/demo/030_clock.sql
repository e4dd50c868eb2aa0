-- Local time of Europe/London by the rule itself (summer time from the last
-- Sunday of March to the last of October, 01:00 UTC), not by the server's
-- time-zone files, so that their version makes no difference. In force since 1996.

CREATE FUNCTION engage_demo.clock_change(year integer, month integer) RETURNS date
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN make_date(year, month, 31) - extract(isodow FROM make_date(year, month, 31))::integer % 7;
COMMENT ON FUNCTION engage_demo.clock_change(integer, integer) IS
	'The last Sunday of a month of 31 days: the clocks change on those of March and October.';

CREATE FUNCTION engage_demo.london(day date, seconds integer) RETURNS bigint
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (day - date '1970-01-01')::bigint * 86400 + seconds - CASE
		WHEN seconds >= 7200 AND day >= engage_demo.clock_change(extract(year FROM day)::integer, 3)
			AND day < engage_demo.clock_change(extract(year FROM day)::integer, 10) THEN 3600
		WHEN seconds < 7200 AND day > engage_demo.clock_change(extract(year FROM day)::integer, 3)
			AND day <= engage_demo.clock_change(extract(year FROM day)::integer, 10) THEN 3600
		ELSE 0
	END;
COMMENT ON FUNCTION engage_demo.london(date, integer) IS
	'Seconds since 1970-01-01 00:00 UTC at a wall-clock time (seconds 0 to 86399) in London. The hour that the clocks skip counts as the hour after it; of the repeated hour it is the first.';

CREATE FUNCTION engage_demo.day_starts(start_on date, days integer, seconds integer) RETURNS bigint[]
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN (SELECT array_agg(engage_demo.london(start_on + d, seconds) - seconds ORDER BY d) FROM generate_series(0, days - 1) d);
COMMENT ON FUNCTION engage_demo.day_starts(date, integer, integer) IS
	'For each day, what to add to a wall-clock second of the day near the given one: two arrays, for 0 and for 7200, give every time of every day, clock changes included.';

-- Sundays and Mondays are quieter, Fridays and Saturdays busier.
CREATE FUNCTION engage_demo.day_lots(start_on date, days integer) RETURNS integer[]
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN (SELECT array_agg(d ORDER BY d)
		FROM generate_series(0, days - 1) d,
			generate_series(1, (ARRAY[9, 10, 10, 10, 12, 13, 9])[extract(isodow FROM start_on + d)::integer]));
COMMENT ON FUNCTION engage_demo.day_lots(date, integer) IS
	'Each day number as often as its weekday is busy: to draw a day is to draw an element.';

CREATE FUNCTION engage_demo.first_lots(day_lots integer[]) RETURNS integer[]
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN (SELECT array_agg(first_lot ORDER BY day)
		FROM (SELECT day, (min(i) - 1)::integer AS first_lot FROM unnest(day_lots) WITH ORDINALITY lot(day, i) GROUP BY day
			UNION ALL SELECT 2147483647, cardinality(day_lots)) counted);
COMMENT ON FUNCTION engage_demo.first_lots(integer[]) IS
	'Where each day begins in the result of day_lots, counted from 0, and after the last day its length.';

-- Weights of the 24 hours: an ordinary day, and the two weekend nights.
CREATE FUNCTION engage_demo.hour_lots() RETURNS integer[]
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN (WITH weight AS (
			SELECT weekday, hour, CASE
					WHEN weekday IN (6, 7) AND hour < 4 OR weekday IN (5, 6) AND hour > 20 THEN 2 ELSE 1
				END * (ARRAY[20, 15, 12, 9, 7, 7, 10, 17, 27, 34, 38, 40, 41, 41, 42, 45, 48, 50, 49, 46, 43, 40, 35, 27])[hour + 1] AS w
			FROM generate_series(1, 7) weekday, generate_series(0, 23) hour),
		filled AS (
			SELECT weekday, hour, sum(w) OVER (PARTITION BY weekday ORDER BY hour) AS upto, sum(w) OVER (PARTITION BY weekday) AS total
			FROM weight)
		SELECT array_agg((SELECT min(hour) FROM filled WHERE filled.weekday = d AND upto * 256 > lot * total) ORDER BY d, lot)
		FROM generate_series(1, 7) d, generate_series(0, 255) lot);
COMMENT ON FUNCTION engage_demo.hour_lots() IS
	'256 hours for each weekday, Monday first, each hour as often as it is busy: the hour x weekday cycle.';

-- The number of contacts of somebody with at least one, when rates are gamma
-- distributed: a negative binomial without zero. f(n) / f(n - 1) = p (n - 1 + k) / n.
CREATE FUNCTION engage_demo.count_steps(shape numeric, mean_scale numeric) RETURNS bigint[]
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	p numeric := round(mean_scale / (1 + mean_scale), 12);
	f numeric := 1;
	total numeric := 0;
	masses numeric[] := ARRAY[]::numeric[];
	steps bigint[] := ARRAY[]::bigint[];
	upto numeric := 0;
	n integer := 1;
BEGIN
	WHILE f > 1e-10 AND n < 5000 LOOP
		total := total + f;
		masses := masses || f;
		n := n + 1;
		f := round(f * p * (n - 1 + shape) / n, 20);
	END LOOP;
	FOREACH f IN ARRAY masses LOOP
		upto := upto + f;
		steps := steps || round(upto * 4294967296 / total)::bigint;
	END LOOP;
	RETURN steps;
END $$;
COMMENT ON FUNCTION engage_demo.count_steps(numeric, numeric) IS
	'Cumulative distribution of contacts per person, times 2^32: 1 + width_bucket(a 32-bit draw, steps) is a number of contacts. shape: of the gamma distribution of rates (small: heavy tail); mean_scale: its scale, in contacts over the whole period.';
