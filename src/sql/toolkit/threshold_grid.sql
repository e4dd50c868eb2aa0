/*
 * A grid of thresholds and windows over one timeline.
 */

CREATE FUNCTION engage.threshold_grid(t engage.timeline, widths interval[], lowest integer, highest integer,
		from_at timestamptz DEFAULT '-infinity', to_at timestamptz DEFAULT 'infinity',
		OUT width interval, OUT threshold integer, OUT episode_no integer, OUT met_at timestamptz, OUT ended_at timestamptz)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_threshold_grid' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10 COST 20;
COMMENT ON FUNCTION engage.threshold_grid(engage.timeline, interval[], integer, integer, timestamptz, timestamptz) IS
	'The episodes of every criterion "threshold in width" with a threshold from lowest to highest and one of up to 32 widths, each numbered within its criterion: what episodes(t, ARRAY[criterion], from_at, to_at) gives for each of them, in one scan per width. At most one row per contact and width. NULL gives no row. Refused: no widths, equal ones, months, zero and negative ones, lowest below 1 or above highest (22023), a NULL width (22004).';
