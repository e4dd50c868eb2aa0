-- Bursts, and contacts that set off contacts.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\i :helpers

-- contacts at whole numbers of minutes
CREATE FUNCTION pg_temp.at_minutes(minutes numeric[]) RETURNS timeline LANGUAGE sql AS $$
	SELECT timeline(array_agg('2026-01-01'::timestamptz + minute::float8 * interval '1 minute')) FROM unnest(minutes) AS minute
$$;
CREATE FUNCTION pg_temp.minute(at timestamptz) RETURNS numeric LANGUAGE sql AS $$ SELECT trim_scale(extract(epoch FROM at - '2026-01-01') / 60) $$;
CREATE TABLE example (name text PRIMARY KEY, t timeline);
INSERT INTO example VALUES
	('small', pg_temp.at_minutes('{4,17,23,27,33,35,37,76,77,82,84,88,90,92}')),
	('long', pg_temp.at_minutes(ARRAY(SELECT at FROM (VALUES (0, 400, 100), (410, 450, 5), (451, 469, 2), (480, 600, 5), (700, 700, 1), (710, 800, 5), (900, 1000, 100)) AS v(first, last, step), generate_series(first, last, step) AS at)));

-- the examples of the packages pybursts and bursts (of R): what those find
SELECT gamma, array_agg(state ORDER BY s.started_at) AS states FROM example, unnest('{0.1,1}'::float8[]) AS gamma, burst_states(t, 2, gamma) AS s WHERE name = 'small' GROUP BY gamma ORDER BY gamma;
SELECT name, gamma, level, pg_temp.minute(started_at) AS started, pg_temp.minute(ended_at) AS ended, contacts
FROM (VALUES ('small', 0.1), ('small', 1), ('long', 1)) AS v(name, gamma) JOIN example USING (name), bursts(t, gamma => gamma) AS b;
-- the state of a gap is the level of the innermost burst around it
SELECT count(*) AS gaps, min(started_at) = first_at(t) AND max(ended_at) = last_at(t) AS whole, bool_and(state = innermost) AS same FROM (
	SELECT t, s.*, (SELECT max(level) FROM bursts(t) AS b WHERE b.started_at <= s.started_at AND s.ended_at <= b.ended_at) AS innermost FROM example, burst_states(t) AS s WHERE name = 'long') AS q GROUP BY t;
-- defaults; no path but the usual without a burst
SELECT (SELECT array_agg(b) FROM bursts(t) AS b) = (SELECT array_agg(b) FROM bursts(t, 2, 1, '1 second') AS b) AS defaults, (SELECT count(*) FROM bursts(t, 2, 1e6)) AS at_great_cost FROM example WHERE name = 'long';
-- the unit of time does not matter
SELECT (SELECT array_agg(state ORDER BY started_at) FROM burst_states(t, 2, 0.1)) = (SELECT array_agg(state ORDER BY started_at) FROM burst_states(timeline(ARRAY(SELECT '2026-01-01'::timestamptz + (at - '2026-01-01') * 1000 FROM contact_times(t) AS at)), 2, 0.1)) AS same FROM example WHERE name = 'small';

-- contacts at one instant count as a resolution apart
SELECT resolution, b.* FROM unnest('{1 second,1 hour,10 days}'::interval[]) AS resolution, bursts('{2026-01-01T00:00:00Z,2026-01-11T00:00:00Z,2026-01-21T00:00:00Z,2026-01-21T00:00:00Z,2026-01-21T00:00:00Z,2026-01-21T00:00:00Z,2026-02-01T00:00:00Z}', 2, 1, resolution) AS b;
SELECT b.* FROM bursts('{2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z}') AS b;
-- one contact, two, none, NULL
SELECT b.* FROM bursts('{2026-01-01T00:00:00Z}') AS b;
SELECT b.* FROM bursts('{2026-01-01T00:00:00Z,2026-01-03T00:00:00Z}') AS b;
SELECT (SELECT count(*) FROM bursts('{}')) AS of_nothing, (SELECT count(*) FROM bursts(NULL)) AS of_null, (SELECT count(*) FROM bursts('{2026-01-01T00:00:00Z}', NULL)) AS null_scale,
	(SELECT count(*) FROM burst_states('{}')) AS states_of_nothing, (SELECT count(*) FROM burst_states('{2026-01-01T00:00:00Z}')) AS states_of_one, (SELECT count(*) FROM burst_states(NULL)) AS states_of_null;
-- the whole range of time, and as many levels as there can be
SELECT count(*) AS bursts, max(level) AS highest FROM bursts('{-4713-11-24T12:00:00Z,2026-01-01T00:00:00Z,2026-01-01T00:00:00.000001Z,294276-12-31T23:59:59.999999Z}', 2, 0, '1 microsecond');
SELECT count(*) AS bursts, max(level) AS highest FROM bursts('{-4713-11-24T12:00:00Z,2026-01-01T00:00:00Z,2026-01-01T00:00:00.000001Z,294276-12-31T23:59:59.999999Z}', 1.01, 0, '1 microsecond');

-- Hawkes: log likelihood and intensities of the example, in days from from_at
CREATE TABLE excited AS SELECT pg_temp.at_minutes(array_agg(day * 1440)) AS t FROM unnest('{1,1.5,1.7,4,4.1,4.15,8}'::numeric[]) AS day;
SELECT hawkes_log_likelihood(t, '2026-01-01', '2026-01-11', 0.3, 0.8, 1.2)::numeric AS log_likelihood, abs(hawkes_log_likelihood(t, '2026-01-01', '2026-01-11', 0.3, 0.8, 1.2) - -10.184837538511955) < 1e-12 AS same FROM excited;
SELECT at, intensity::numeric, abs(intensity - expected) < 1e-13 AS same
FROM excited, ROWS FROM (hawkes_intensity(t, '2026-01-01', 0.3, 0.8, 1.2), unnest('{0.3,0.7390493088752211,1.2746707075965067,0.4123220473398378,1.1091570686533405,1.815447056224109,0.3228136276354525}'::float8[])) AS h(at, intensity, expected);
-- against plain SQL by the definition, also where earlier contacts only add to the rate
SELECT from_at, until, contacts, abs(hawkes_log_likelihood(t, from_at, until, mu, alpha, beta) - (logs - mu * extract(epoch FROM until - from_at)::float8 / 86400 - expected)) < 1e-12 AS same
FROM excited, (VALUES (0.3::float8, 0.8::float8, 1.2::float8), (2, 0, 5), (0.01, 30, 40)) AS m(mu, alpha, beta), (VALUES ('2026-01-01'::timestamptz, '2026-01-11'::timestamptz), ('2026-01-02', '2026-01-09'), ('2026-01-04', '2026-01-05 02:24:00'), ('2026-01-10', '2026-01-11')) AS w(from_at, until),
	LATERAL (SELECT count(*) AS contacts, coalesce(sum(ln(mu + alpha * coalesce((SELECT sum(exp(-beta * extract(epoch FROM at - earlier)::float8 / 86400)) FROM contact_times(t) AS earlier WHERE earlier < at), 0))), 0) AS logs FROM contact_times(t) AS at WHERE at > from_at AND at <= until) AS l,
	LATERAL (SELECT coalesce(sum(alpha / beta * (exp(-beta * extract(epoch FROM greatest(from_at, at) - at)::float8 / 86400) - exp(-beta * extract(epoch FROM until - at)::float8 / 86400))), 0) AS expected FROM contact_times(t) AS at WHERE at <= until) AS e
ORDER BY mu, from_at;
-- without from_at, time begins at the first contact
SELECT hawkes_log_likelihood(t, '-infinity', '2026-01-11', 0.3, 0.8, 1.2) = hawkes_log_likelihood(t, first_at(t), '2026-01-11', 0.3, 0.8, 1.2) AS likelihood, (SELECT count(*) FROM hawkes_intensity(t, '-infinity', 0.3, 0.8, 1.2)) AS intensities,
	(SELECT intensity FROM hawkes_intensity(t, '-infinity', 0.3, 0.8, 1.2) LIMIT 1) AS first, hawkes(t, '2026-01-11') = hawkes(t, '2026-01-11', first_at(t)) AS fit FROM excited;
-- a fit: nothing near it is more likely
CREATE TABLE fitted AS SELECT t, '2026-07-01'::timestamptz AS until, h.* FROM (
		WITH RECURSIVE lcg(i, x) AS (SELECT 1, 20260101::bigint UNION ALL SELECT i + 1, (x * 1103515245 + 12345) % 2147483648 FROM lcg WHERE i < 120)
		SELECT timeline_agg('2026-01-01'::timestamptz + ((x >> 8) % 15000000 + j * j * 400) * interval '1 second') AS t FROM lcg, generate_series(0, (x >> 20) % 4) AS j) AS c, hawkes(t, '2026-07-01') AS h;
SELECT contacts, round(mu::numeric, 4) AS mu, round(alpha::numeric, 3) AS alpha, round(beta::numeric, 3) AS beta, round(branching_ratio::numeric, 4) AS branching_ratio, round(log_likelihood::numeric, 6) AS log_likelihood, round(poisson_log_likelihood::numeric, 6) AS poisson, converged FROM fitted;
SELECT abs(branching_ratio - alpha / beta) < 1e-15 AS ratio, abs(hawkes_log_likelihood(t, '-infinity', until, mu, alpha, beta) - log_likelihood) < 1e-9 AS likelihood, abs(poisson_log_likelihood - contacts * (ln(contacts / (extract(epoch FROM until - first_at(t))::float8 / 86400)) - 1)) < 1e-9 AS poisson FROM fitted;
SELECT count(*) AS neighbours, bool_and(hawkes_log_likelihood(t, '-infinity', until, mu * exp(a), alpha * exp(b), beta * exp(c)) < log_likelihood) AS lower
FROM fitted, unnest('{-2,-0.5,-0.1,-0.001,0,0.001,0.1,0.5,2}'::float8[]) AS a, unnest('{-2,-0.5,-0.1,-0.001,0,0.001,0.1,0.5,2}'::float8[]) AS b, unnest('{-2,-0.5,-0.1,-0.001,0,0.001,0.1,0.5,2}'::float8[]) AS c WHERE a <> 0 OR b <> 0 OR c <> 0;
-- a row for each contact after from_at; at the maximum as many are expected as there were
SELECT count(*) AS contacts, abs(min(mu) * extract(epoch FROM min(until) - min(first_at(t)))::float8 / 86400 + sum(1 - exp(greatest(-beta * extract(epoch FROM until - at)::float8 / 86400, -700))) * min(branching_ratio) - (count(*) - 1)) < 1e-4 AS as_expected FROM fitted, hawkes_intensity(t, '-infinity', mu, alpha, beta) AS i;
-- as regular as a clock: nothing is set off
SELECT contacts, round(mu::numeric, 6) AS mu, alpha, beta, branching_ratio, log_likelihood = poisson_log_likelihood AS as_poisson, converged FROM (SELECT timeline_agg(at) AS t FROM generate_series('2026-01-01'::timestamptz, '2026-02-20', '1 day') AS at) AS c, hawkes(t, '2026-02-20 12:00');
-- twice at one instant: held at one resolution, and not converged
SELECT resolution, contacts, round((beta * extract(epoch FROM resolution)::float8 / 86400)::numeric, 9) AS beta_resolutions, converged FROM unnest('{1 second,10 minutes}'::interval[]) AS resolution, (SELECT timeline_agg(at) AS t FROM generate_series('2026-01-01'::timestamptz, '2026-02-20', '1 day') AS at, generate_series(1, 2)) AS c, hawkes(t, '2026-02-20 12:00', resolution => resolution);
-- too few contacts, or no time
SELECT t, h.* FROM unnest('{"{}","{2026-01-01T00:00:00Z}","{2026-01-01T00:00:00Z,2026-01-01T01:00:00Z,2026-01-01T02:00:00Z}","{2026-01-11T00:00:00Z,2026-01-11T00:00:00Z,2026-01-11T00:00:00Z,2026-01-11T00:00:00Z}","{2027-01-01T00:00:00Z}",NULL}'::timeline[]) AS t, hawkes(t, '2026-01-11') AS h;
SELECT hawkes_log_likelihood('{}', '2026-01-01', '2026-01-11', 0.3, 0.8, 1.2) AS of_nothing, hawkes_log_likelihood('{}', '-infinity', '2026-01-11', 0.3, 0.8, 1.2) AS without_time, hawkes_log_likelihood('{2026-01-11T00:00:00Z}', '-infinity', '2026-01-11', 0.3, 0.8, 1.2) AS at_the_end, hawkes_log_likelihood(NULL, '2026-01-01', '2026-01-11', 0.3, 0.8, 1.2) AS of_null,
	(SELECT count(*) FROM hawkes_intensity('{}', '2026-01-01', 0.3, 0.8, 1.2)) AS intensities_of_nothing, (SELECT count(*) FROM hawkes_intensity(NULL, '2026-01-01', 0.3, 0.8, 1.2)) AS of_null, (SELECT count(*) FROM hawkes_intensity('{2026-01-01T00:00:00Z}', '2026-01-01', 0.3, 0.8, 1.2)) AS at_from_at;
DROP TABLE example, excited, fitted;

-- what is refused
\pset format unaligned
\pset tuples_only on
SELECT format('%s: %s', statement, pg_temp.refused('SELECT ' || statement))
FROM (VALUES
	($$bursts('{}', 1)$$), ($$bursts('{}', 'NaN')$$), ($$bursts('{}', 'Infinity')$$), ($$bursts('{}', 2, -0.1)$$), ($$bursts('{}', 2, 'NaN')$$), ($$bursts('{}', 2, 'Infinity')$$), ($$bursts('{}', 2, 1, '0 seconds')$$), ($$bursts('{}', 2, 1, '1 month')$$),
	($$burst_states('{}', 0.5)$$), ($$burst_states('{}', 2, -1)$$), ($$burst_states('{}', 2, 1, '-1 seconds')$$),
	($$hawkes('{}', 'infinity')$$), ($$hawkes('{}', '-infinity')$$), ($$hawkes('{}', '2026-01-01', 'infinity')$$), ($$hawkes('{}', '2026-01-01', '2026-01-01')$$), ($$hawkes('{}', '2026-01-01', '2026-01-02')$$), ($$hawkes('{}', '2026-01-01', resolution => '0 seconds')$$),
	($$hawkes_log_likelihood('{}', '2026-01-01', '2026-01-02', 0, 1, 2)$$), ($$hawkes_log_likelihood('{}', '2026-01-01', '2026-01-02', 'NaN', 1, 2)$$), ($$hawkes_log_likelihood('{}', '2026-01-01', '2026-01-02', 1, -1, 2)$$), ($$hawkes_log_likelihood('{}', '2026-01-01', '2026-01-02', 1, 'Infinity', 2)$$),
	($$hawkes_log_likelihood('{}', '2026-01-01', '2026-01-02', 1, 1, 0)$$), ($$hawkes_log_likelihood('{}', '2026-01-01', '2026-01-02', 1, 1e300, 1e-300)$$), ($$hawkes_log_likelihood('{}', '2026-01-01', 'infinity', 1, 1, 2)$$), ($$hawkes_log_likelihood('{}', '2026-01-02', '2026-01-01', 1, 1, 2)$$),
	($$hawkes_intensity('{}', '2026-01-01', -1, 1, 2)$$), ($$hawkes_intensity('{}', '2026-01-01', 1, 'NaN', 2)$$), ($$hawkes_intensity('{}', '2026-01-01', 1, 1, 'Infinity')$$)) AS t(statement);
\pset tuples_only off
\pset format aligned
