-- Counts and rates: intervals, comparisons, dispersion, false discoveries.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\set any_zone
\i :helpers

-- How far a value is from a printed one, in units of half the last printed
-- digit: up to 1 it is the same to all digits. A half is as near to both.
CREATE FUNCTION pg_temp.off(value double precision, printed text) RETURNS double precision LANGUAGE sql AS $$
	SELECT CASE WHEN printed = 'Infinity' OR value = 'Infinity' THEN CASE WHEN value = printed::double precision THEN 0::double precision ELSE 'Infinity' END
		ELSE abs(value - printed::double precision) / greatest(0.5 * 10 ^ -scale(printed::numeric), 1e-9 * abs(printed::double precision)) * (1 - 1e-6) END
$$;

-- exact Poisson limits, as published
CREATE TABLE garwood (n bigint, level double precision, lower text, upper text);
INSERT INTO garwood VALUES
	(0, 0.95, '0', '3.688879454'), (1, 0.95, '0.0253178', '5.5716434'), (2, 0.95, '0.2422093', '7.2246877'), (3, 0.95, '0.6186721', '8.7672731'),
	(4, 0.95, '1.0898654', '10.2415887'), (5, 0.95, '1.6234864', '11.6683321'), (6, 0.95, '2.2018943', '13.0594747'), (7, 0.95, '2.8143631', '14.4226754'),
	(8, 0.95, '3.4538322', '15.7631892'), (9, 0.95, '4.1153731', '17.0848035'), (10, 0.95, '4.7953887', '18.3903560'), (12, 0.95, '6.2005751', '20.9615851'),
	(15, 0.95, '8.3953861', '24.7402189'), (20, 0.95, '12.2165196', '30.8883779'), (25, 0.95, '16.1786819', '36.9049317'), (30, 0.95, '20.2408740', '42.8268654'),
	(50, 0.95, '37.1109637', '65.9187667'), (100, 0.95, '81.3639913', '121.6267938'), (300, 0.95, '267.0092752', '335.9411256'), (600, 0.95, '552.944941', '649.989135'),
	(25, 0.90, '17.38', '34.92'), (25, 0.99, '14.00', '41.00'), (25, 0.95, '16.18', '36.90');
SELECT count(*) AS rows, count(*) FILTER (WHERE greatest(pg_temp.off(i.lower, g.lower), pg_temp.off(i.upper, g.upper)) <= 1) AS same,
	max(abs(i.lower - g.lower::double precision) / greatest(g.lower::double precision, 1)) FILTER (WHERE scale(g.lower::numeric) > 2) < 1e-7 AS lower_close, max(abs(i.upper - g.upper::double precision) / g.upper::double precision) FILTER (WHERE scale(g.upper::numeric) > 2) < 1e-7 AS upper_close
FROM garwood AS g, poisson_interval(g.n, g.level) AS i;
SELECT pg_temp.off((137 / 24.19893)::double precision, '5.66140734') <= 1 AS ratio, pg_temp.off(lower / 24.19893, '4.7531248') <= 1 AS lower, pg_temp.off(upper / 24.19893, '6.69270933') <= 1 AS upper FROM poisson_interval(137);
-- the limits by their definition: either tail of the sum of terms is 0.025
CREATE FUNCTION pg_temp.at_most(n bigint, mean double precision) RETURNS double precision LANGUAGE sql AS $$
	SELECT sum(exp(k * ln(mean) - mean - f)) FROM (SELECT k, coalesce(sum(ln(nullif(k, 0))) OVER (ORDER BY k), 0) AS f FROM generate_series(0, n) AS k) AS t
$$;
-- three of the limits are printed wrong in the last digits: by their definition these are right
SELECT n, printed, round(value::numeric, 9) AS value, abs(CASE WHEN is_upper THEN pg_temp.at_most(n, value) ELSE 1 - pg_temp.at_most(n - 1, value) END - 0.025) < 1e-12 AS value_is_right
FROM (SELECT g.n, false AS is_upper, g.lower AS printed, i.lower AS value FROM garwood AS g, poisson_interval(g.n, g.level) AS i
	UNION ALL SELECT g.n, true, g.upper, i.upper FROM garwood AS g, poisson_interval(g.n, g.level) AS i) AS t
WHERE pg_temp.off(value, printed) > 1 ORDER BY n;
SELECT n, abs(pg_temp.at_most(n, upper) - 0.025) < 1e-11 AS upper, abs(1 - pg_temp.at_most(n - 1, lower) - 0.025) < 1e-11 AS lower FROM (VALUES (1::bigint), (7), (60), (400)) AS v(n), poisson_interval(n);
SELECT n, round(lower::numeric, 3) AS lower, round(upper::numeric, 3) AS upper FROM (VALUES (1000000::bigint), (1000000000)) AS v(n), poisson_interval(n);
SELECT poisson_interval(NULL), poisson_interval(3, NULL);

-- ratios of rates, as published
CREATE TABLE compared (n1 bigint, t1 double precision, n2 bigint, t2 double precision, ratio text, lower text, upper text, central text, minlike text, mid text);
INSERT INTO compared VALUES
	(11, 800, 21, 3011, '1.9714881', '0.858426403', '4.27726594', '0.11201732', '0.079668633', '0.0800768'),
	(2, 17877, 9, 16660, '0.207094156', '0.0217740628', '1.0005491', '0.0501064956', '0.0330942032', '0.0292665670'),
	(19, 30, 5, 40.5, '5.13', '1.85274938', '17.5791387', '0.000575127922', '0.00031889869', '0.000338279797'),
	(0, 100, 3, 100, '0', '0', '2.41995189', '0.25', NULL, NULL),
	(2, 100, 6, 100, '0.333333', '0.0329020903', '1.86414606', '0.2890625', NULL, NULL),
	(12, 28, 40, 28, '0.3', '0.143270167', '0.583287505', '0.000127538784', NULL, NULL),
	(40, 28, 12, 28, '3.333333', '1.7144204', '6.97982014', '0.000127538784', NULL, NULL),
	(5, 7, 10, 7, '0.5', '0.134096865', '1.60549837', '0.301757813', NULL, NULL),
	(10, 7, 0, 7, 'Infinity', '2.24152148', 'Infinity', '0.001953125', NULL, NULL),
	(60, 28, 41, 28, '1.46341463', '0.967580461', '2.233018', '0.0727570069', NULL, NULL),
	(3, 30, 3, 30, '1', '0.133937588', '7.46616401', '1', NULL, NULL);
SELECT c.n1, c.n2, pg_temp.off(r.ratio, c.ratio) <= 1 AS ratio, pg_temp.off(r.lower, c.lower) <= 1 AS lower, pg_temp.off(r.upper, c.upper) <= 1 AS upper,
	pg_temp.off(r.p_value, c.central) <= 1 AS central, pg_temp.off(r.p_minlike, c.minlike) <= 1 AS minlike, pg_temp.off(r.p_mid, c.mid) <= 1 AS mid
FROM compared AS c, rate_ratio(n1, t1, n2, t2) AS r;
SELECT max(abs(r.p_value - c.central::double precision)) < 1e-8 AS p_close, max(abs(r.lower / nullif(c.lower::double precision, 0) - 1)) < 1e-8 AS lower_close
FROM compared AS c, rate_ratio(n1, t1, n2, t2) AS r;
-- against every term of the binomial distribution
CREATE TABLE terms AS
SELECT n1, n2, share, k, exp(f[n1 + n2 + 1] - f[k + 1] - f[n1 + n2 - k + 1] + k * ln(share) + (n1 + n2 - k) * ln(1 - share)) AS p
FROM (SELECT array_agg(f ORDER BY i) AS f FROM (SELECT i, coalesce(sum(ln(nullif(i, 0)::double precision)) OVER (ORDER BY i), 0) AS f FROM generate_series(0, 200) AS i) AS t) AS t,
	generate_series(0, 60, 7) AS n1, generate_series(1, 130, 43) AS n2, unnest('{0.03,0.2,0.5,0.81}'::double precision[]) AS share, generate_series(0, n1 + n2) AS k;
SELECT count(*) AS cases, count(*) FILTER (WHERE abs(r.p_value - least(1, 2 * least(low, high))) < 1e-12) AS central, count(*) FILTER (WHERE abs(r.p_mid - least(1, 2 * least(low - seen / 2, high - seen / 2))) < 1e-12) AS mid,
	count(*) FILTER (WHERE abs(r.p_minlike - minlike) < 1e-12) AS minlike, count(*) FILTER (WHERE (r.p_value > 0.05) = (r.lower < 1 AND r.upper > 1)) AS agreeing
FROM (SELECT n1, n2, share, sum(p) FILTER (WHERE k <= n1) AS low, sum(p) FILTER (WHERE k >= n1) AS high, max(seen) AS seen, sum(p) FILTER (WHERE p <= seen * (1 + 1e-7)) AS minlike
	FROM (SELECT *, max(p) FILTER (WHERE k = n1) OVER (PARTITION BY n1, n2, share) AS seen FROM terms) AS t GROUP BY n1, n2, share) AS t,
	rate_ratio(n1, share, n2, 1 - share) AS r;
-- the other way round, and edges
SELECT bool_and(abs(a.ratio * b.ratio - 1) < 1e-12 AND abs(a.lower * b.upper - 1) < 1e-9 AND abs(a.p_value - b.p_value) < 1e-12 AND abs(a.p_minlike - b.p_minlike) < 1e-12) AS mirrored
FROM compared AS c, rate_ratio(n1, t1, n2, t2) AS a, rate_ratio(n2, t2, n1, t1) AS b WHERE n1 > 0 AND n2 > 0;
SELECT n1, n2, ratio, lower::numeric, upper::numeric, p_value, p_minlike, p_mid::numeric	-- 15 digits, which every Boost gives
FROM (VALUES (0, 0), (0, 5), (5, 0)) AS v(n1, n2), rate_ratio(n1, 1, n2, 1);
SELECT n1, round(ratio::numeric, 6) AS ratio, round(lower::numeric, 6) AS lower, round(upper::numeric, 6) AS upper, round(p_value::numeric, 6) AS p_value, round(p_minlike::numeric, 6) AS p_minlike, round(p_mid::numeric, 6) AS p_mid
FROM (VALUES (1000000), (2003000), (4000000)) AS v(n1), rate_ratio(n1, 1, 2 * 1000000, 2);
SELECT rate_ratio(NULL, 1, 1, 1), rate_ratio(1, 1, 1, 1, NULL);

-- the E-test, as published: the paper's own, to its digits; and what the
-- authors' program gives, which leaves out all terms below 1e-7
CREATE TABLE e_tested (n1 bigint, t1 double precision, n2 bigint, t2 double precision, difference double precision, alternative text, printed text);
INSERT INTO e_tested VALUES
	(0, 100, 3, 100, 0, 'two-sided', '0.0884'), (2, 100, 6, 100, 0, 'two-sided', '0.1749'), (3, 100, 20, 300, 0, 'two-sided', '0.12202725450896404'),
	(20, 10, 20, 10, 0, 'two-sided', '0.9999997568929630'), (10, 10, 10, 10, 0, 'two-sided', '0.9999998403'), (50, 15, 1, 1, 0.05, 'two-sided', '0.0992032105'),
	(3, 12, 4, 20, 0, 'greater', '0.4041608732'), (4, 20, 3, 100, 0, 'greater', '0.0080536404'),
	(4, 20, 3, 10, 0, 'less', '0.3083216325'), (1, 1, 50, 15, 0, 'less', '0.0932299861');
CREATE FUNCTION pg_temp.e_sum(e e_tested, cut double precision) RETURNS double precision LANGUAGE sql AS $$
	WITH rates AS (SELECT (e.n1 + e.n2) / (e.t1 + e.t2) - e.difference * e.t1 / (e.t1 + e.t2) AS r),
	factorials AS (SELECT k, coalesce(sum(ln(nullif(k, 0)::double precision)) OVER (ORDER BY k), 0) AS f FROM generate_series(0, 110) AS k),
	first AS (SELECT k AS x1, exp(greatest(-300, k * ln(e.t1 * (r + e.difference)) - e.t1 * (r + e.difference) - f)) AS p1 FROM rates, factorials),
	second AS (SELECT k AS x2, exp(greatest(-300, k * ln(e.t2 * r) - e.t2 * r - f)) AS p2 FROM rates, factorials),
	statistics AS (SELECT x1, x2, p1 * p2 AS p, CASE WHEN x1 = 0 AND x2 = 0 AND e.difference = 0 THEN 0 WHEN x1 = 0 AND x2 = 0 THEN '-Infinity' ELSE (x1 / e.t1 - x2 / e.t2 - e.difference) / sqrt(x1 / e.t1 / e.t1 + x2 / e.t2 / e.t2) END AS s
		FROM first, second WHERE p1 >= cut AND p2 >= cut)
	SELECT sum(p) FILTER (WHERE CASE e.alternative WHEN 'greater' THEN s >= seen WHEN 'less' THEN s <= seen ELSE abs(s) >= abs(seen) END)
	FROM statistics, (SELECT s AS seen FROM statistics WHERE x1 = e.n1 AND x2 = e.n2) AS t
$$;
SELECT n1, t1, n2, t2, difference, alternative, abs(value - printed::double precision) < 2e-6 OR pg_temp.off(value, printed) <= 1 AS near_printed, pg_temp.off(pg_temp.e_sum(e, 1e-7), printed) <= 1 AS printed_is_cut_short, abs(value - pg_temp.e_sum(e, 0)) < 1e-12 AS exact
FROM e_tested AS e, e_test(n1, t1, n2, t2, difference, alternative) AS value;
-- more against the double sum: differences, all alternatives
SELECT count(*) AS cases, count(*) FILTER (WHERE abs(e_test((e).n1, (e).t1, (e).n2, (e).t2, (e).difference, (e).alternative) - pg_temp.e_sum(e, 0)) < 1e-11) AS exact
FROM (SELECT ROW(n1, t1, n2, t2, difference, alternative, NULL)::e_tested AS e
	FROM unnest('{0,1,6,17}'::bigint[]) AS n1, unnest('{2,9}'::bigint[]) AS n2, (VALUES (1.5, 0.7), (3, 11)) AS t(t1, t2), unnest('{0,0.1,2}'::double precision[]) AS difference, unnest('{two-sided,greater,less}'::text[]) AS alternative
	WHERE (n1 + n2) / (t1 + t2) > difference * t1 / (t1 + t2)) AS t;
SELECT e_test(0, 1, 0, 1) AS none, e_test(0, 1, 0, 1, 3) AS none_but_some_expected, e_test(3, 1, 1, 1, 10) AS impossible, round(e_test(1000000, 1, 1004000, 1)::numeric, 4) AS large, e_test(1, 1, 1, 1, NULL) AS null;

-- the rate of false discoveries: the example of Benjamini and Hochberg (1995)
CREATE TABLE discoveries AS SELECT '{0.0001,0.0004,0.0019,0.0095,0.0201,0.0278,0.0298,0.0344,0.0459,0.3240,0.4262,0.5719,0.6528,0.7590,1.000}'::double precision[] AS p;
SELECT (SELECT count(*) FROM unnest(benjamini_hochberg(p)) AS q WHERE q <= 0.05) AS kept, (SELECT array_agg(round(q::numeric, 5)) FROM unnest(benjamini_hochberg(p)) AS q) AS q FROM discoveries;
-- by its definition, with ties and NULLs, in any order
WITH given AS (SELECT i, CASE WHEN i % 9 <> 4 THEN ((i * 7919) % 100) ^ 3 / 1e6 END AS p FROM generate_series(1, 300) AS i),
adjusted AS (SELECT i, q FROM unnest((SELECT benjamini_hochberg(array_agg(p ORDER BY i)) FROM given)) WITH ORDINALITY AS u(q, i))
SELECT count(*) AS rows, count(q) AS values, bool_and((p IS NULL) = (q IS NULL)) AS places,
	max(abs(q - (SELECT min(least(1, b.p * (SELECT count(p) FROM given) / (SELECT count(*) FROM given AS c WHERE c.p <= b.p))) FROM given AS b WHERE b.p >= given.p))) < 1e-14 AS q
FROM given JOIN adjusted USING (i);
SELECT benjamini_hochberg('{}') AS none, benjamini_hochberg('{NULL}') AS only_null, benjamini_hochberg(NULL) AS null, benjamini_hochberg('{0.03}') AS one, benjamini_hochberg('[5:6][1:2]={{0.01,NULL},{1,0}}') AS shape;
DROP FUNCTION pg_temp.e_sum(e_tested, double precision);
DROP TABLE garwood, compared, terms, e_tested, discoveries;

-- dispersion: 4 whole weeks with 3, 0, 1 and 4 contacts, and a part of one with 2
CREATE TABLE weeks AS SELECT timeline(array_agg('2026-01-01'::timestamptz + at * interval '1 day')) AS t
FROM unnest('{-1,0,1,6.9999,14,21,21,21.5,27.9,28,29,30.5}'::double precision[]) AS at;
SELECT d.*, chi_squared = (1 + 4 + 1 + 4) / 2.0 AS by_hand FROM weeks, dispersion(t, '2026-01-01', '2026-01-31') AS d;
SELECT r.contacts, r.per_day = 10 / 30.0 AS per_day, r.lower = i.lower / 30 AND r.upper = i.upper / 30 AS plain, round(r.dispersion::numeric, 4) AS dispersion, round(r.adjusted_lower::numeric, 4) AS adjusted_lower, round(r.adjusted_upper::numeric, 4) AS adjusted_upper,
	r.contacts / r.dispersion AS scaled_to, abs(1 - pg_temp.at_most(5, r.adjusted_lower * 30 / r.dispersion) - 0.025) < 1e-12 AS lower_is_of_6, abs(pg_temp.at_most(6, r.adjusted_upper * 30 / r.dispersion) - 0.025) < 1e-12 AS upper_is_of_6
FROM weeks, contact_rate(t, '2026-01-01', '2026-01-31') AS r, poisson_interval(10) AS i;
-- against plain SQL
WITH at AS (SELECT '2026-01-01'::timestamptz + ((i * i % 100003 * 7919) % 100003) * interval '1 minute' AS at, (i * 31) % 40 AS caller FROM generate_series(1, 3000) AS i),
counted AS (SELECT c.caller, b.bin, (SELECT count(*) FROM at WHERE at.caller = c.caller AND at.at >= '2026-01-03'::timestamptz + b.bin * interval '1 day' AND at.at < '2026-01-04'::timestamptz + b.bin * interval '1 day') AS n
	FROM generate_series(0, 39) AS c(caller), generate_series(0, 58) AS b(bin)),
expected AS (SELECT caller, sum((n - mean) ^ 2 / mean) AS chi_squared FROM (SELECT *, avg(n) OVER (PARTITION BY caller) AS mean FROM counted) AS t GROUP BY caller)
SELECT count(*) AS callers, bool_and(df = 58) AS df, max(abs(d.chi_squared - e.chi_squared::double precision)) < 1e-9 AS chi_squared, max(abs(d.dispersion - e.chi_squared::double precision / 58)) < 1e-10 AS dispersion
FROM (SELECT caller, timeline_agg(at) AS t FROM at GROUP BY caller) AS t JOIN expected AS e USING (caller), dispersion(t, '2026-01-03', '2026-03-03', '1 day') AS d;
-- nothing to compare
SELECT calls, to_at::date, d, contacts, per_day, r.dispersion IS NULL AND adjusted_lower IS NULL AND adjusted_upper IS NULL AS unknown
FROM (VALUES ('{}'::timeline, '2026-01-31'::timestamptz), ('{2026-01-05T00:00:00Z}', '2026-01-14'), ('{2026-01-05T00:00:00Z}', '2026-01-15'), ('{2026-01-30T00:00:00Z}', '2026-01-31')) AS v(calls, to_at), dispersion(calls, '2026-01-01', to_at) AS d, contact_rate(calls, '2026-01-01', to_at) AS r;
SELECT dispersion(NULL, '2026-01-01', '2026-01-31'), contact_rate('{}', NULL, '2026-01-31');
DROP TABLE weeks;

-- what is refused
\pset format unaligned
\pset tuples_only on
SELECT format('%s: %s', statement, pg_temp.refused('SELECT ' || statement))
FROM (VALUES
	($$poisson_interval(-1)$$), ($$poisson_interval(1, 0)$$), ($$poisson_interval(1, 1)$$), ($$poisson_interval(1, 'NaN')$$), ($$poisson_interval(1, 95)$$),
	($$rate_ratio(-1, 1, 1, 1)$$), ($$rate_ratio(1, 0, 1, 1)$$), ($$rate_ratio(1, 1, 1, -1)$$), ($$rate_ratio(1, 'Infinity', 1, 1)$$), ($$rate_ratio(1, 1, 1, 'NaN')$$), ($$rate_ratio(1, 1, 1, 1, 1.5)$$),
	($$e_test(1, 1, -5, 1)$$), ($$e_test(1, 0, 1, 1)$$), ($$e_test(1, 1, 1, 1, -1)$$), ($$e_test(1, 1, 1, 1, 'NaN')$$), ($$e_test(1, 1, 1, 1, 'Infinity')$$), ($$e_test(1, 1, 1, 1, 0, 'both')$$),
	($$benjamini_hochberg('{0.5,1.01}')$$), ($$benjamini_hochberg('{-0.01}')$$), ($$benjamini_hochberg('{NaN}')$$), ($$benjamini_hochberg('{Infinity}')$$),
	($$dispersion('{}', '2026-01-02', '2026-01-01')$$), ($$dispersion('{}', '2026-01-02', '2026-01-02')$$), ($$dispersion('{}', '-infinity', '2026-01-01')$$), ($$dispersion('{}', '2026-01-02', 'infinity')$$),
	($$dispersion('{}', '2026-01-01', '2026-02-01', '0')$$), ($$dispersion('{}', '2026-01-01', '2026-02-01', '-1 day')$$), ($$dispersion('{}', '2026-01-01', '2026-02-01', '1 month')$$),
	($$contact_rate('{}', '2026-01-01', '2026-02-01', 0)$$), ($$contact_rate('{}', '2026-02-01', '2026-01-01')$$)) AS t(statement);
\pset tuples_only off
\pset format aligned
