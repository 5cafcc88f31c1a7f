//! How much of everything there may be.

/// How much of everything there may be: what Application Gateway documents (the sections are those
/// of its behaviour reference), unless `[limits]` says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The bytes of a file of trusted client certificates.
    pub trust_file_bytes: usize,
    /// The files of trusted client certificates of one TLS profile.
    pub trust_files_per_profile: usize,
    /// The different files of trusted client certificates of all TLS profiles.
    pub trust_files: usize,
    /// The backend pools.
    pub pools: usize,
    /// The targets of one pool.
    pub targets: usize,
    /// The path rules of one path map.
    pub path_rules: usize,
    /// The rewrite sets.
    pub rewrite_sets: usize,
    /// The header and URL changes of one rewrite set.
    pub rewrite_changes: usize,
    /// The conditions of one rewrite set.
    pub rewrite_conditions: usize,
}

impl Limits {
    /// The bytes of a file of trusted client certificates (section 1.2: 25 KB).
    pub const TRUST_FILE_BYTES: usize = 25 * 1024;
    /// The files of trusted client certificates of a profile (section 1.2).
    pub const TRUST_FILES_PER_PROFILE: usize = 100;
    /// The files of trusted client certificates of a gateway (section 1.2).
    pub const TRUST_FILES: usize = 200;
    /// The backend pools (section 4.4).
    pub const POOLS: usize = 100;
    /// The targets of a pool (section 4.4).
    pub const TARGETS: usize = 1_200;
    /// The path rules of a path map (section 4.2).
    pub const PATH_RULES: usize = 100;
    /// The rewrite sets (section 2.4).
    pub const REWRITE_SETS: usize = 400;
    /// The header and URL changes of a rewrite set (section 2.4).
    pub const REWRITE_CHANGES: usize = 40;
    /// The conditions of a rewrite set (section 2.4).
    pub const REWRITE_CONDITIONS: usize = 40;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            trust_file_bytes: Self::TRUST_FILE_BYTES,
            trust_files_per_profile: Self::TRUST_FILES_PER_PROFILE,
            trust_files: Self::TRUST_FILES,
            pools: Self::POOLS,
            targets: Self::TARGETS,
            path_rules: Self::PATH_RULES,
            rewrite_sets: Self::REWRITE_SETS,
            rewrite_changes: Self::REWRITE_CHANGES,
            rewrite_conditions: Self::REWRITE_CONDITIONS,
        }
    }
}
