-- Run by bench/demand, with the tables summary and line filled.
SET search_path = engage, public;
SET timezone = 'UTC';

CREATE TEMP TABLE published AS
SELECT CAST(ROW(0.243, 4.414, 0.793, 2.426, NULL, NULL, NULL, 2357, -9582.4, NULL, NULL) AS demand_model) AS m;
CREATE TEMP TABLE purchase AS
SELECT f[2]::bigint AS customer, to_date(f[3], 'YYYYMMDD')::timestamptz AS at
FROM line, regexp_split_to_array(btrim(text), '\s+') AS f;
CREATE TEMP TABLE customer AS
SELECT customer, timeline_agg(at) AS t FROM purchase GROUP BY customer;
CREATE TEMP TABLE model AS
SELECT (SELECT demand_model_agg(frequency, recency, age) FROM summary) AS of_summaries,
	(SELECT demand_model_agg(t, '1997-09-30', '1 day') FROM customer) AS of_timelines;

\echo Summaries of the timelines at 1997-09-30, in weeks, beside those published
SELECT count(*) AS customers, count(*) FILTER (WHERE a.frequency <> s.frequency) AS frequencies_differ,
	count(*) FILTER (WHERE round((a.recency / 7)::numeric, 2) <> s.recency::numeric) AS recencies_differ, count(*) FILTER (WHERE round((a.age / 7)::numeric, 2) <> s.age::numeric) AS ages_differ
FROM customer JOIN summary AS s USING (customer), demand_summary(t, '1997-09-30', '1 day') AS a;

\echo The model, in weeks
SELECT model, round(r::numeric, 3) AS r, round(alpha::numeric, 3) AS alpha, round(a::numeric, 3) AS a, round(b::numeric, 3) AS b, round(log_likelihood::numeric, 1) AS log_likelihood, callers, iterations, converged
FROM (SELECT 1 AS place, 'published' AS model, (m).* FROM published
	UNION ALL SELECT 2, 'of summaries', (of_summaries).* FROM model
	-- a density by the day is so many times lower than one by the week
	UNION ALL SELECT 3, 'of timelines, alpha / 7', (m).r, (m).alpha / 7, (m).a, (m).b, NULL, NULL, NULL, (m).callers, (m).log_likelihood + ln(7) * (SELECT sum(frequency) FROM summary), (m).iterations, (m).converged
		FROM (SELECT of_timelines AS m FROM model) AS d) AS m
ORDER BY place;

\echo Days with purchases in weeks 39 to 78, expected on 1997-09-30
CREATE TEMP TABLE forecast AS
SELECT customer, b.frequency - a.frequency AS actual,
	expected_occasions(t, of_timelines, '1997-09-30', '273 days') AS by_model,
	expected_occasions(a.frequency, a.recency / 7, a.age / 7, m, 39) AS by_published,
	a.frequency * 273 / a.age AS as_before
FROM customer, model, published, demand_summary(t, '1997-09-30', '1 day') AS a, demand_summary(t, '1998-06-30', '1 day') AS b;
SELECT method, round(sum(expected)::numeric, 1) AS expected, sum(actual) AS actual, round((sum(expected) / sum(actual))::numeric, 4) AS ratio,
	round(avg(abs(expected - actual))::numeric, 5) AS mean_absolute_error, round(sqrt(avg((expected - actual) ^ 2))::numeric, 5) AS root_mean_square_error, round(corr(expected, actual)::numeric, 4) AS correlation
FROM forecast, LATERAL (VALUES (1, 'fitted here', by_model), (2, 'published parameters', by_published), (3, 'repeats a day so far', as_before)) AS v(place, method, expected)
GROUP BY place, method ORDER BY place;

\echo The same by repeats so far
SELECT CASE WHEN repeats < 7 THEN repeats::text ELSE '7 and more' END AS repeats, count(*) AS customers, round(avg(actual), 3) AS actual, round(avg(by_model)::numeric, 3) AS expected
FROM (SELECT f.*, least((demand_summary(t, '1997-09-30', '1 day')).frequency, 7) AS repeats FROM forecast AS f JOIN customer USING (customer)) AS f
GROUP BY repeats ORDER BY f.repeats;

\echo All repeats up to week 78, expected of customers of that age before any was seen
SELECT round(sum(expected_occasions(of_timelines, b.age))::numeric, 1) AS expected, sum(b.frequency) AS actual, round((sum(expected_occasions(of_timelines, b.age)) / sum(b.frequency))::numeric, 4) AS ratio
FROM customer, model, demand_summary(t, '1998-06-30', '1 day') AS b;
