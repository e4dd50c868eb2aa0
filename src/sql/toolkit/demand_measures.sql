/*
 * What a caller's contacts tell about those to come.
 */

CREATE FUNCTION engage.demand_measures(t engage.timeline, as_of timestamptz, criteria engage.criterion[], model engage.demand_model, horizon interval,
		OUT measures double precision[], OUT expected_contacts double precision, OUT probability_active double precision)
	AS 'MODULE_PATHNAME', 'engage_demand_measures' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage.demand_measures(engage.timeline, timestamptz, engage.criterion[], engage.demand_model, interval) IS
	'What the contacts up to as_of tell about those within the horizon after it, as nine measures: 1; ln(1 + contacts within as long before as_of as the horizon is after); ln(1 + decayed count) with half-lives of 7 and of 56 days; ln(1 + expected contacts); the greatest share of any criterion''s threshold that is met now, and that was ever met, each at most 2; 2 ^ -(days since the last contact at which one was met / 28), 0 for never; and the probability that the caller has not stopped. Besides, contacts expected by the demand model, and that probability, by themselves. What needs a model is NULL without one, and without a contact up to as_of. NULL if anything but the model is NULL. Errors: 22023 for a horizon that is none or has months, and for a model made of summaries; 22008 for an infinite as_of.';
