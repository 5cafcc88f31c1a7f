//! The attribute types that OpenSSL has short names for (`crypto/objects/objects.txt`).

use alloc::vec::Vec;

use crate::oid::Oid;

/// OpenSSL's short name for an attribute type, where it has one.
pub(super) fn short_name(oid: Oid<'_>) -> Option<&'static str> {
    let (last, arc) = oid.as_bytes().split_last()?;
    let (_, names) = ARCS.iter().find(|(prefix, _)| *prefix == arc)?;
    names
        .iter()
        .find(|(number, _)| number == last)
        .map(|(_, name)| *name)
}

/// The content octets of the attribute type with this short name, in any case.
pub(super) fn attribute_type(name: &str) -> Option<Vec<u8>> {
    ARCS.iter().find_map(|(arc, names)| {
        // `UID` and `uid` are two types: what is written in the same case comes first.
        let exact = names.iter().find(|(_, known)| *known == name);
        let (last, _) = exact.or_else(|| {
            let mut names = names.iter();
            names.find(|(_, known)| known.eq_ignore_ascii_case(name))
        })?;
        Some([arc, &[*last][..]].concat())
    })
}

/// The last arc of an identifier, which is below 128 in all of them, and the name.
type Names = &'static [(u8, &'static str)];

/// All arcs but the last, encoded, and the names below.
const ARCS: [(&[u8], Names); 6] = [
    (&[0x55, 0x04], X520),
    (
        &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01],
        PILOT,
    ),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09], PKCS_9),
    (
        &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x3c, 0x02, 0x01],
        JURISDICTION,
    ),
    (&[0x2a, 0x85, 0x03, 0x64], RUSSIAN),
    (&[0x2a, 0x85, 0x03, 0x03, 0x81, 0x03, 0x01], RUSSIAN_TAX),
];

/// `id-at`: X.520 and RFC 5280. 2.5.4
const X520: Names = &[
    (3, "CN"),
    (4, "SN"),
    (5, "serialNumber"),
    (6, "C"),
    (7, "L"),
    (8, "ST"),
    (9, "street"),
    (10, "O"),
    (11, "OU"),
    (12, "title"),
    (13, "description"),
    (14, "searchGuide"),
    (15, "businessCategory"),
    (16, "postalAddress"),
    (17, "postalCode"),
    (18, "postOfficeBox"),
    (19, "physicalDeliveryOfficeName"),
    (20, "telephoneNumber"),
    (21, "telexNumber"),
    (22, "teletexTerminalIdentifier"),
    (23, "facsimileTelephoneNumber"),
    (24, "x121Address"),
    (25, "internationaliSDNNumber"),
    (26, "registeredAddress"),
    (27, "destinationIndicator"),
    (28, "preferredDeliveryMethod"),
    (29, "presentationAddress"),
    (30, "supportedApplicationContext"),
    (31, "member"),
    (32, "owner"),
    (33, "roleOccupant"),
    (34, "seeAlso"),
    (35, "userPassword"),
    (36, "userCertificate"),
    (37, "cACertificate"),
    (38, "authorityRevocationList"),
    (39, "certificateRevocationList"),
    (40, "crossCertificatePair"),
    (41, "name"),
    (42, "GN"),
    (43, "initials"),
    (44, "generationQualifier"),
    (45, "x500UniqueIdentifier"),
    (46, "dnQualifier"),
    (47, "enhancedSearchGuide"),
    (48, "protocolInformation"),
    (49, "distinguishedName"),
    (50, "uniqueMember"),
    (51, "houseIdentifier"),
    (52, "supportedAlgorithms"),
    (53, "deltaRevocationList"),
    (54, "dmdName"),
    (65, "pseudonym"),
    (72, "role"),
    (97, "organizationIdentifier"),
    (98, "c3"),
    (99, "n3"),
    (100, "dnsName"),
];

/// `pilotAttributeType`: RFC 4524 and its forerunners. 0.9.2342.19200300.100.1
const PILOT: Names = &[
    (1, "UID"),
    (2, "textEncodedORAddress"),
    (3, "mail"),
    (4, "info"),
    (5, "favouriteDrink"),
    (6, "roomNumber"),
    (7, "photo"),
    (8, "userClass"),
    (9, "host"),
    (10, "manager"),
    (11, "documentIdentifier"),
    (12, "documentTitle"),
    (13, "documentVersion"),
    (14, "documentAuthor"),
    (15, "documentLocation"),
    (20, "homeTelephoneNumber"),
    (21, "secretary"),
    (22, "otherMailbox"),
    (23, "lastModifiedTime"),
    (24, "lastModifiedBy"),
    (25, "DC"),
    (26, "aRecord"),
    (27, "pilotAttributeType27"),
    (28, "mXRecord"),
    (29, "nSRecord"),
    (30, "sOARecord"),
    (31, "cNAMERecord"),
    (37, "associatedDomain"),
    (38, "associatedName"),
    (39, "homePostalAddress"),
    (40, "personalTitle"),
    (41, "mobileTelephoneNumber"),
    (42, "pagerTelephoneNumber"),
    (43, "friendlyCountryName"),
    (44, "uid"),
    (45, "organizationalStatus"),
    (46, "janetMailbox"),
    (47, "mailPreferenceOption"),
    (48, "buildingName"),
    (49, "dSAQuality"),
    (50, "singleLevelQuality"),
    (51, "subtreeMinimumQuality"),
    (52, "subtreeMaximumQuality"),
    (53, "personalSignature"),
    (54, "dITRedirect"),
    (55, "audio"),
    (56, "documentPublisher"),
];

/// `pkcs-9`: RFC 2985. 1.2.840.113549.1.9
const PKCS_9: Names = &[
    (1, "emailAddress"),
    (2, "unstructuredName"),
    (3, "contentType"),
    (4, "messageDigest"),
    (5, "signingTime"),
    (6, "countersignature"),
    (7, "challengePassword"),
    (8, "unstructuredAddress"),
    (9, "extendedCertificateAttributes"),
    (14, "extReq"),
    (15, "SMIME-CAPS"),
    (16, "SMIME"),
    (20, "friendlyName"),
    (21, "localKeyID"),
];

/// Jurisdiction of incorporation: the CA/Browser Forum's extended validation. 1.3.6.1.4.1.311.60.2.1
const JURISDICTION: Names = &[
    (1, "jurisdictionL"),
    (2, "jurisdictionST"),
    (3, "jurisdictionC"),
];

/// Russian state numbers. 1.2.643.100
const RUSSIAN: Names = &[(1, "OGRN"), (3, "SNILS"), (5, "OGRNIP")];

/// Russian taxpayer numbers. 1.2.643.3.131.1
const RUSSIAN_TAX: Names = &[(1, "INN")];
