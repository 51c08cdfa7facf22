"""The databases that tests are given: fresh each time, and never one another's."""

import psycopg


def test_a_test_gets_a_database_with_nothing_in_it(empty_database: str) -> None:
    with psycopg.connect(empty_database) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        assert tables == (0,)
        connection.execute("CREATE TABLE public.mine ()")


async def test_the_next_test_finds_nothing_of_it_even_when_it_is_async(empty_database: str) -> None:
    async with await psycopg.AsyncConnection.connect(empty_database) as connection:
        found = await (await connection.execute("SELECT to_regclass('public.mine')")).fetchone()
        assert found == (None,)
