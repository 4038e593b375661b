//! What the registry files come to: of an item that several name, the last holds.

use unefois_core::{Agency, AgencyCode, Agreement};

use crate::world::World;

/// Every agency.
pub fn agencies(world: &World) -> Vec<&Agency> {
    let mut agencies: Vec<&Agency> = Vec::new();
    for agency in world.files.iter().flat_map(|file| &file.agencies) {
        agencies.retain(|earlier| earlier.code != agency.code);
        agencies.push(agency);
    }
    agencies
}

/// The agency of that code; otherwise the one of which it is an alias.
pub fn agency<'a>(world: &'a World, code: &AgencyCode) -> Option<&'a Agency> {
    let agencies = agencies(world);
    let by_code = agencies.iter().find(|agency| agency.code == *code);
    by_code.or_else(|| agencies.iter().find(|agency| agency.aliases.contains(code))).copied()
}

/// Every agreement.
pub fn agreements(world: &World) -> Vec<&Agreement> {
    let mut agreements: Vec<&Agreement> = Vec::new();
    for agreement in world.files.iter().flat_map(|file| &file.agreements) {
        agreements.retain(|earlier| earlier.id != agreement.id);
        agreements.push(agreement);
    }
    agreements
}

/// The agreement that the caller relies on.
pub fn named(world: &World) -> Option<&Agreement> {
    agreements(world).into_iter().find(|agreement| agreement.id == world.request.agreement)
}
