//! The choices of a policy that have two or three answers.

/// Whether an anchor's own validity period counts. RFC 5280 leaves it open (section 6.1.1 (d) takes
/// a name and a key).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnchorValidity {
    /// An expired anchor is trusted no longer.
    Enforce,
    /// An anchor is trusted as long as it is listed.
    Ignore,
}

/// Whether what an anchor's certificate says about itself restricts paths below it: cA, path
/// length, keyUsage, extKeyUsage, name constraints, policies, critical extensions. RFC 5280 takes
/// only name and key; RFC 5937 describes the stricter way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnchorConstraints {
    /// An anchor is held to its own certificate, which must say that it is an authority's where its
    /// version can.
    Enforce,
    /// An anchor is held to its own certificate, which need not say that it is an authority's.
    EnforceStated,
    /// An anchor is a name and a key.
    Ignore,
}

/// Whether a certificate that is not self-issued can end a path when it is listed as an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartialChain {
    /// Every listed anchor ends a path, the leaf itself included.
    Allow,
    /// Only self-issued anchors end a path; others are material for building it.
    Deny,
}

/// What extKeyUsage must say of the purpose (RFC 5280 section 4.2.1.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtendedKeyUsageRule {
    /// Where the extension is, it must list the purpose or `anyExtendedKeyUsage`.
    IfPresent,
    /// The leaf must have the extension, list the very purpose, and not be for signing code, time
    /// stamps or OCSP responses as well; for authorities as above.
    OnLeaf,
    /// The same of the leaf, which must not be an authority's unless it is the anchor itself; and every
    /// intermediate must have the extension and list the very purpose. Those of servers need not have
    /// it, as many authorities of the web have not.
    OnEach,
}

/// Whether a leaf's keyUsage must allow what its purpose does with the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeafKeyUsage {
    /// Where the extension is, it must allow signatures, because that is how TLS (RFC 8446 section
    /// 4.4.2.2) and OCSP use the key.
    Enforce,
    /// RFC 5280 section 6 does not ask.
    Ignore,
}

/// Whether certificates are held to what RFC 5280 section 4 demands of those who issue them, beyond
/// what section 6 asks of a path: key identifiers, what must and must not be critical, serial numbers,
/// the form of host names. OpenSSL calls it `x509_strict`.
///
/// Many private authorities fall short of it, and nothing about their paths is less sound for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuanceProfile {
    /// A certificate that does not conform is refused.
    Enforce,
    /// Section 6 suffices.
    Ignore,
}
