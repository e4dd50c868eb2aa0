/*
 * Rolling windows: accessors of timelines, and the window function.
 */

CREATE FUNCTION engage.peak(t engage.timeline, width interval) RETURNS bigint
	AS 'MODULE_PATHNAME', 'engage_peak' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.peak(engage.timeline, interval) IS
	'Most contacts in any window (t - width, t]; 0 for an empty timeline. The width is an exact duration, a day 24 hours; months, zero and negative widths are refused (22023).';

CREATE FUNCTION engage.peak_window(t engage.timeline, width interval,
		OUT contacts bigint, OUT started_at timestamptz, OUT ended_at timestamptz)
	AS 'MODULE_PATHNAME', 'engage_peak_window' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.peak_window(engage.timeline, interval) IS
	'The earliest window with the most contacts: how many, its first and its last contact; NULL for an empty timeline. Widths as for peak().';

CREATE FUNCTION engage.meets(t engage.timeline, criterion engage.criterion) RETURNS boolean
	AS 'MODULE_PATHNAME', 'engage_meets' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION engage.meets(engage.timeline, engage.criterion) IS
	'Whether the criterion is met at any contact. Stops at the first.';

CREATE FUNCTION engage.first_met(t engage.timeline, criterion engage.criterion) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'engage_first_met' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION engage.first_met(engage.timeline, engage.criterion) IS
	'Time of the first contact at which the criterion is met; NULL if it never is.';

CREATE FUNCTION engage.episodes(t engage.timeline, criterion engage.criterion,
		OUT episode_no integer, OUT started_at timestamptz, OUT met_at timestamptz,
		OUT ended_at timestamptz, OUT contacts bigint, OUT peak bigint) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_episodes' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 2 COST 10;
COMMENT ON FUNCTION engage.episodes(engage.timeline, engage.criterion) IS
	'The maximal runs of contacts at each of which the criterion is met: first contact inside the window of the first meeting contact, that contact, last meeting contact, contacts from start to end, and contacts of the fullest window.';

CREATE FUNCTION engage.episodes(t engage.timeline, criteria engage.criterion[],
		from_at timestamptz DEFAULT '-infinity', to_at timestamptz DEFAULT 'infinity',
		OUT episode_no integer, OUT started_at timestamptz, OUT met_at timestamptz,
		OUT ended_at timestamptz, OUT contacts bigint, OUT peak bigint,
		OUT criteria_met engage.criterion[]) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_episodes_any' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 2 COST 10;
COMMENT ON FUNCTION engage.episodes(engage.timeline, engage.criterion[], timestamptz, timestamptz) IS
	'Does what episodes(t, criterion) does, for runs of contacts at each of which at least one of the criteria is met, and says which of them the run met. Only contacts from from_at up to but not including to_at can meet them; earlier ones still count in their windows.';

CREATE FUNCTION engage.rolling_counts(t engage.timeline, width interval,
		OUT at timestamptz, OUT contacts bigint) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_rolling_counts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION engage.rolling_counts(engage.timeline, interval) IS
	'One row per contact: its time and the contacts in (at - width, at]. Widths as for peak().';

CREATE FUNCTION engage.rolling_count(at timestamptz, width interval) RETURNS bigint
	AS 'MODULE_PATHNAME', 'engage_rolling_count' LANGUAGE C IMMUTABLE PARALLEL SAFE WINDOW;
COMMENT ON FUNCTION engage.rolling_count(timestamptz, interval) IS
	'Window function: rolling_count(at, width) OVER (PARTITION BY caller ORDER BY at) gives the contacts of the partition in (at - width, at], in amortised constant time per row. NULL if at or width is NULL. Refused (SQLSTATE 42P20): any order but ascending, and a width that changes.';

CREATE FUNCTION engage.rolling_width(written text) RETURNS interval
	AS 'MODULE_PATHNAME', 'engage_rolling_width' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.rolling_width(text) IS
	'The width of a rolling window, written as text: ''24 hours''. A number without a unit, which would mean seconds, is refused (22023), as are months, zero and anything with a minus sign.';

CREATE FUNCTION engage.peak(t engage.timeline, width text) RETURNS bigint
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN engage.peak(t, engage.rolling_width(width));
COMMENT ON FUNCTION engage.peak(engage.timeline, text) IS 'peak() for a width written as text, read by rolling_width(): a number without a unit is refused.';

CREATE FUNCTION engage.peak_window(t engage.timeline, width text,
		OUT contacts bigint, OUT started_at timestamptz, OUT ended_at timestamptz)
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN engage.peak_window(t, engage.rolling_width(width));
COMMENT ON FUNCTION engage.peak_window(engage.timeline, text) IS 'peak_window() for a width written as text, read by rolling_width(): a number without a unit is refused.';

CREATE FUNCTION engage.rolling_counts(t engage.timeline, width text,
		OUT at timestamptz, OUT contacts bigint) RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	SELECT r.* FROM engage.rolling_counts(rolling_counts.t, engage.rolling_width(rolling_counts.width)) r;
END;
COMMENT ON FUNCTION engage.rolling_counts(engage.timeline, text) IS 'rolling_counts() for a width written as text, read by rolling_width(): a number without a unit is refused.';

CREATE FUNCTION engage.rolling_count(at timestamptz, width text) RETURNS bigint
	AS 'MODULE_PATHNAME', 'engage_rolling_count_written' LANGUAGE C IMMUTABLE PARALLEL SAFE WINDOW;
COMMENT ON FUNCTION engage.rolling_count(timestamptz, text) IS 'rolling_count() for a width written as text, read by rolling_width(): a number without a unit is refused.';
