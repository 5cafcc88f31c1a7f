//! Why a property is not carried over, or carried over as something else.

/// Why a property is not carried over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// Web application firewall.
    #[error("there is no web application firewall; requests are not inspected")]
    Firewall,
    /// Entra tokens.
    #[error("tokens are not validated; requests pass without one")]
    Tokens,
    /// Key vaults.
    #[error("key vaults are not opened")]
    KeyVault,
    /// Managed HSM.
    #[error("keys in an HSM are not used")]
    Hsm,
    /// Capacity.
    #[error("a process does not scale itself")]
    Scale,
    /// Azure's networks.
    #[error("it belongs to Azure's network")]
    Network,
    /// Network interfaces.
    #[error("the addresses of network interfaces are known only to Azure")]
    Interfaces,
    /// A pool without addresses.
    #[error("the pool has no addresses, and nothing forwards to it")]
    EmptyPool,
    /// Pages for errors.
    #[error("pages are files here: fetch it, and name it in error_pages")]
    ErrorPage,
    /// What only the first version had.
    #[error("it is of Application Gateway v1")]
    Version1,
    /// Azure's access control.
    #[error("it belongs to Azure's access control")]
    Access,
    /// What Azure records and nobody sets.
    #[error("Azure's own record")]
    Record,
    /// Load distribution.
    #[error("targets of a pool take turns")]
    LoadDistribution,
    /// Routing by more than hosts and paths.
    #[error("requests are routed by host and path only")]
    AdvancedRouting,
    /// TCP and TLS.
    #[error("TCP and TLS are not proxied")]
    Layer4,
    /// FIPS.
    #[error("there is no FIPS mode")]
    Fips,
    /// Buffering.
    #[error("bodies are streamed, not buffered")]
    Buffering,
    /// The `Server` header.
    #[error("answers of the gateway itself say which server they are from")]
    ServerHeader,
    /// The PROXY protocol.
    #[error("there is no PROXY protocol")]
    ProxyProtocol,
    /// Without SNI.
    #[error("a client without SNI is served by the first listener, as Application Gateway v2 does")]
    Sni,
    /// Old protocols.
    #[error("the versions of TLS are those of the policy")]
    Protocols,
    /// Another resource.
    #[error("it is another resource than the gateway")]
    OtherResource,
    /// Another gateway of the document.
    #[error("it is another gateway; choose with --name")]
    OtherGateway,
    /// A resource whose condition is false.
    #[error("its condition is false")]
    Condition,
    /// Outputs of a deployment.
    #[error("an import deploys nothing that it could give out")]
    Output,
    /// A value for a parameter that no template declares.
    #[error("no template declares this parameter")]
    NoSuchParameter,
    /// Nothing uses it.
    #[error("nothing refers to it")]
    Unreferenced,
    /// What certificates are judged by, where none is.
    #[error("passthrough judges no certificate")]
    Passthrough,
    /// What another property makes meaningless.
    #[error("another property counts instead")]
    Overridden,
    /// A setting that has no meaning beside plain HTTP.
    #[error("there is no TLS to apply it to")]
    PlainHttp,
    /// Nobody here knows it.
    #[error("the import does not know this property")]
    Unknown,
}

/// How a property was carried over as something a little different.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Adaptation {
    /// A frontend address of Azure.
    #[error("a frontend of Azure; its listeners accept on {bind}")]
    Frontend {
        /// The address.
        bind: std::net::IpAddr,
    },
    /// A rule without a priority.
    #[error("without a priority; {priority} by its place in the document")]
    Priority {
        /// The priority.
        priority: u16,
    },
    /// `Set-Cookie` set as a header, for what a condition found in it.
    #[error(
        "each Set-Cookie field that the condition matches is changed by itself; the others stay"
    )]
    Cookie,
    /// A version of TLS that is not spoken any more.
    #[error("TLS 1.2 is the oldest version that is spoken")]
    Version,
}
