-- All figures at once: every measure, at every level, by month, quarter and year.
--
-- In:  facts    measure, province, district, commune (keys; '' where a fact stands above that level),
--               month, quarter, year (codes; NULL where a fact's period is longer), value, numerator, denominator
--      measures code, aggregation
-- Out: one row for each measure, place and period that has facts. No facts, no row.
--
-- Sums, ratios and averages climb from commune and month upward; medians and percentiles are taken from the single
-- values at every level, since a median of medians is no median. Sums are exact decimals; nothing is rounded to what
-- a reader sees. A place's own facts and those of the places below it are added: each fact is counted once a level.
WITH leaves AS (
    SELECT f.measure, m.aggregation, f.province, f.district, f.commune, f.month, f.quarter, f.year,
           SUM(f.value) AS value, SUM(f.numerator) AS numerator, SUM(f.denominator) AS denominator,
           COUNT(*) AS facts
    FROM facts AS f
    JOIN measures AS m ON m.code = f.measure
    WHERE m.aggregation IN ('sum', 'ratio', 'average')
    GROUP BY f.measure, m.aggregation, f.province, f.district, f.commune, f.month, f.quarter, f.year
),
singles AS (
    SELECT f.measure, m.aggregation, f.province, f.district, f.commune, f.month, f.quarter, f.year,
           CAST(f.value AS DOUBLE) AS value
    FROM facts AS f
    JOIN measures AS m ON m.code = f.measure
    WHERE m.aggregation IN ('median', 'p90')
),
levels AS (
    SELECT * FROM (VALUES ('nation'), ('province'), ('district'), ('commune')) AS l (level)
),
kinds AS (
    SELECT * FROM (VALUES ('month'), ('quarter'), ('year')) AS k (kind)
),
sums AS (
    SELECT c.measure, c.aggregation, c.level, c.place, c.province, c.district, c.kind, c.period,
           SUM(c.value) AS value, SUM(c.numerator) AS numerator, SUM(c.denominator) AS denominator,
           SUM(c.facts) AS facts
    FROM (
        SELECT s.measure, s.aggregation, l.level, k.kind, s.value, s.numerator, s.denominator, s.facts,
               CASE l.level WHEN 'nation' THEN '' WHEN 'province' THEN s.province
                            WHEN 'district' THEN s.district ELSE s.commune END AS place,
               CASE WHEN l.level IN ('district', 'commune') THEN s.province ELSE '' END AS province,
               CASE WHEN l.level = 'commune' THEN s.district ELSE '' END AS district,
               CASE k.kind WHEN 'month' THEN s.month WHEN 'quarter' THEN s.quarter ELSE s.year END AS period
        FROM leaves AS s CROSS JOIN levels AS l CROSS JOIN kinds AS k
    ) AS c
    WHERE c.period IS NOT NULL AND (c.place <> '' OR c.level = 'nation')
    GROUP BY c.measure, c.aggregation, c.level, c.place, c.province, c.district, c.kind, c.period
),
ranks AS (
    SELECT c.measure, c.aggregation, c.level, c.place, c.province, c.district, c.kind, c.period,
           CASE c.aggregation WHEN 'median' THEN QUANTILE_CONT(c.value, 0.5) ELSE QUANTILE_CONT(c.value, 0.9) END AS value,
           COUNT(*) AS facts
    FROM (
        SELECT s.measure, s.aggregation, l.level, k.kind, s.value,
               CASE l.level WHEN 'nation' THEN '' WHEN 'province' THEN s.province
                            WHEN 'district' THEN s.district ELSE s.commune END AS place,
               CASE WHEN l.level IN ('district', 'commune') THEN s.province ELSE '' END AS province,
               CASE WHEN l.level = 'commune' THEN s.district ELSE '' END AS district,
               CASE k.kind WHEN 'month' THEN s.month WHEN 'quarter' THEN s.quarter ELSE s.year END AS period
        FROM singles AS s CROSS JOIN levels AS l CROSS JOIN kinds AS k
    ) AS c
    WHERE c.period IS NOT NULL AND (c.place <> '' OR c.level = 'nation')
    GROUP BY c.measure, c.aggregation, c.level, c.place, c.province, c.district, c.kind, c.period
)
SELECT measure, place, level, province, district, kind, period,
       CASE aggregation
           WHEN 'ratio' THEN CASE WHEN denominator > 0 THEN CAST(numerator AS DOUBLE) / CAST(denominator AS DOUBLE) END
           WHEN 'average' THEN CAST(value AS DOUBLE) / CAST(facts AS DOUBLE)
           ELSE CAST(value AS DOUBLE)
       END AS value,
       CASE aggregation WHEN 'ratio' THEN numerator WHEN 'average' THEN value END AS numerator,
       CASE aggregation WHEN 'ratio' THEN denominator WHEN 'average' THEN facts END AS denominator,
       CAST(facts AS BIGINT) AS facts,
       CASE aggregation WHEN 'sum' THEN value END AS exact
FROM sums
UNION ALL
SELECT measure, place, level, province, district, kind, period, value, NULL, NULL, CAST(facts AS BIGINT), NULL
FROM ranks
