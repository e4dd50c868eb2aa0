-- What script/demo fills its database with: a simulated force whose last day is
-- yesterday, so that its callers are flagged now.
SET client_min_messages = warning;

CREATE EXTENSION pg_cron;
CREATE EXTENSION engage;
CREATE EXTENSION engage_demo;

SELECT engage.setup();					-- adopts Kent's present rule
SELECT engage.adopt_rules('frecann_adult');

SELECT engage.adopt_risk_factors();		-- scoring is profiling: a force decides to
SELECT engage.set_risk_factor('domestic', 1, axis => 'harm', measure => 'qualifier', matches => '{Q-DOMESTIC}', at_most => 5,
	within => '90 days', thrive => 'harm', label => 'Domestic incidents');
SELECT engage.set_risk_factor('repeat_victim', 5, axis => 'nature', measure => 'qualifier', matches => '{Q-DOMESTIC}',
	within => '90 days', share => 0.5, label => 'Mostly domestic incidents');

SELECT engage_demo.simulate(days => 84, start_on => current_date - 84);
SELECT engage_demo.load();
INSERT INTO engage.district (district, label, csu)
SELECT DISTINCT district, initcap(replace(district, '_', ' ')), initcap(replace(district, '_', ' ')) || ' CSU' FROM engage_demo.person ORDER BY 1;
INSERT INTO engage.incident_code (code, label, category, demand_class, is_policing)
SELECT c.code, initcap(replace(t.subject, '_', ' ')) || c.stage, initcap(replace(t.subject, '_', ' ')), t.demand_class,
	CASE t.demand_class WHEN 'policing' THEN true WHEN 'avoidable_policing' THEN true WHEN 'unclear' THEN NULL ELSE false END
FROM engage_demo.topic t, LATERAL (VALUES (t.closing_code, ''), (t.opening_code, ', open')) c (code, stage);
INSERT INTO engage.known_number (number, sharing, label)
SELECT number, sharing, label FROM engage_demo.place;	-- phone box, hostel, alarm company

CALL engage.refresh();
SELECT engage.train_linkage();
CALL engage.refresh();
SELECT engage.schedule('* * * * *');
ANALYZE;
