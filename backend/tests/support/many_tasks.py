"""Very many tasks of one owner, and some of twenty others, as SQL."""

FILL = """
INSERT INTO task_lists (user_id, revision, changed_at)
SELECT owner, 200000, '2026-11-01Z' FROM generate_series(1, 21) AS owner;
INSERT INTO tasks (user_id, id, title, title_folded, description, description_folded, completed,
    completed_at, priority, due_date, due_at, tags, "order", revision, created_at, updated_at,
    deleted_at)
SELECT CASE WHEN n <= 100000 THEN 1 ELSE 2 + mod(n, 20) END, n, 'Task ' || n, 'task ' || n,
    'about ' || n, 'about ' || n, mod(m, 3) = 0, CASE WHEN mod(m, 3) = 0 THEN moment END, mod(m, 4),
    CASE WHEN mod(m, 4) = 1 THEN '2026-01-01'::date + mod(m, 365) END,
    CASE WHEN mod(m, 4) = 2 THEN moment + interval '30 days' END,
    ARRAY['tag' || mod(m, 7)], CASE WHEN mod(m, 5) > 0 THEN mod(n * 7919, 100003) END, n, moment,
    moment, CASE WHEN mod(m, 50) = 0 THEN moment END
FROM generate_series(1, 120000) AS n, LATERAL (
    SELECT '2026-01-01Z'::timestamptz + n * interval '1 minute', (n - 1) / 20) AS at (moment, m);
SELECT setval('tasks_id_seq', 120000);
"""
