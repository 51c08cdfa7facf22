"""Try it."""
from tests.services.api.world import World
async def test_it(world: World) -> None:
    lead = await world.lead(to="rep-1", contact={"name":"Ada"})
    for c,p in [("rep","/queues/me"),("manager","/queues/rep-1"),("manager","/teams/north/queue"),("manager","/queue"),("rep",f"/leads/{lead}"),("rep",f"/leads/{lead}/contact"),("auditor",f"/leads/{lead}/timeline"),("auditor","/leads"),("auditor","/leads/count?group_by=source"),("admin","/people"),("admin","/people/lead-1"),("admin","/teams"),("admin","/teams/north"),("admin","/sources"),("admin","/projections"),("admin","/metrics"),("admin","/openapi.json")]:
        r = await (world.see(c,p) if not p.startswith("/leads/count") else world.get(c,p))
        print(c,p,r.status_code,dict(r.headers),r.text[:700])
