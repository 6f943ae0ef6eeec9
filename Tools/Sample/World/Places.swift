// The places of the sample world, one a line: name, title, IANA zone, postcode, and latitude and
// longitude in millionths of a degree. Facts of geography, from public lists of postcodes and
// airports; who moves what between them is made up.

/// Fulfilment centres, where such buildings stand.
let fulfilmentCentreTable: StaticString = """
  BFI4;Kent, WA;America/Los_Angeles;98032;47377600;-122285400
  PDX9;Troutdale, OR;America/Los_Angeles;97060;45525400;-122373900
  GEG1;Spokane, WA;America/Los_Angeles;99224;47628900;-117551300
  BOI2;Nampa, ID;America/Boise;83687;43593700;-116536000
  SLC1;Salt Lake City, UT;America/Denver;84116;40785700;-111929100
  DEN3;Broomfield, CO;America/Denver;80023;39961900;-105014800
  PHX6;Phoenix, AZ;America/Phoenix;85043;33449100;-112197200
  ABQ1;Albuquerque, NM;America/Denver;87120;35142100;-106704100
  LAS7;Las Vegas, NV;America/Los_Angeles;89115;36215800;-115067100
  SMF1;Sacramento, CA;America/Los_Angeles;95835;38662600;-121483400
  OAK4;Tracy, CA;America/Los_Angeles;95304;37731900;-121409600
  ONT8;Moreno Valley, CA;America/Los_Angeles;92551;33881400;-117226100
  LAX9;Fontana, CA;America/Los_Angeles;92337;34049800;-117470600
  SAN3;San Diego, CA;America/Los_Angeles;92154;32575300;-117070700
  DFW7;Fort Worth, TX;America/Chicago;76177;32944800;-97312400
  HOU2;Houston, TX;America/Chicago;77038;29919600;-95438600
  SAT1;Schertz, TX;America/Chicago;78154;29579000;-98277800
  OKC1;Oklahoma City, OK;America/Chicago;73159;35392200;-97556700
  MKC6;Kansas City, KS;America/Chicago;66102;39113200;-94669300
  STL8;Saint Peters, MO;America/Chicago;63376;38780200;-90622800
  MSP1;Shakopee, MN;America/Chicago;55379;44779300;-93519700
  MDW7;Monee, IL;America/Chicago;60449;41419100;-87774800
  IND5;Plainfield, IN;America/Indiana/Indianapolis;46168;39689300;-86391900
  CVG3;Hebron, KY;America/New_York;41048;39075500;-84700700
  CMH1;Etna, OH;America/New_York;43062;40000900;-82668700
  DTW1;Romulus, MI;America/Detroit;48174;42222300;-83396600
  BNA2;Lebanon, TN;America/Chicago;37090;36118500;-86263000
  MEM1;Memphis, TN;America/Chicago;38118;35051400;-89926500
  ATL6;Atlanta, GA;America/New_York;30344;33691900;-84448000
  JAX2;Jacksonville, FL;America/New_York;32218;30450700;-81662600
  MIA1;Opa-locka, FL;America/New_York;33054;25904200;-80255700
  CLT2;Charlotte, NC;America/New_York;28214;35273100;-80957100
  BWI2;Baltimore, MD;America/New_York;21224;39287600;-76556800
  ABE8;Florence, NJ;America/New_York;08518;40118000;-74805500
  EWR9;Carteret, NJ;America/New_York;07008;40582300;-74231300
  BOS7;Fall River, MA;America/New_York;02720;41718200;-71140000
  """

/// Small fulfilment centres inside cities, for what is wanted within hours. Each serves the station
/// nearest to it and nobody else.
let metroCentreTable: StaticString = """
  USEA;Seattle SoDo, WA;America/Los_Angeles;98134;47580000;-122330000
  ULAX;Vernon, CA;America/Los_Angeles;90058;34000000;-118220000
  UDAL;Dallas Design District, TX;America/Chicago;75207;32787000;-96822000
  UCHI;Chicago Goose Island, IL;America/Chicago;60642;41903000;-87655000
  UATL;Atlanta West Midtown, GA;America/New_York;30318;33787000;-84420000
  UNYC;Maspeth, NY;America/New_York;11378;40725000;-73905000
  """

/// Sort centres: where parcels of many origins meet.
let sortCentreTable: StaticString = """
  SSEA;Sumner, WA;America/Los_Angeles;98390;47209900;-122228000
  SOAK;Newark, CA;America/Los_Angeles;94560;37536800;-122032000
  SONT;San Bernardino, CA;America/Los_Angeles;92408;34083100;-117271100
  SPHX;Phoenix, AZ;America/Phoenix;85043;33449100;-112197200
  SSLC;Salt Lake City, UT;America/Denver;84104;40749900;-111926000
  SDEN;Aurora, CO;America/Denver;80011;39737800;-104815200
  SDFW;Fort Worth, TX;America/Chicago;76155;32824700;-97050300
  SHOU;Houston, TX;America/Chicago;77038;29919600;-95438600
  SMCI;Kansas City, KS;America/Chicago;66111;39080300;-94780600
  SMDW;Romeoville, IL;America/Chicago;60446;41640400;-88069600
  SCVG;Hebron, KY;America/New_York;41048;39075500;-84700700
  SATL;Atlanta, GA;America/New_York;30344;33691900;-84448000
  SMCO;Davenport, FL;America/New_York;33837;28196300;-81607900
  SBWI;Curtis Bay, MD;America/New_York;21226;39210900;-76559700
  SEWR;Newark, NJ;America/New_York;07114;40708200;-74189100
  """

/// Airports that freight flies between. The last two are the gateways of Alaska and Hawaii.
let airHubTable: StaticString = """
  KSEA;Seattle-Tacoma Airport;America/Los_Angeles;98158;47449000;-122309300
  KONT;Ontario Airport, CA;America/Los_Angeles;91761;34056000;-117601200
  KAFW;Fort Worth Alliance Airport;America/Chicago;76177;32987600;-97318800
  KCVG;Cincinnati/Northern Kentucky Airport;America/New_York;41048;39048800;-84667800
  KLAL;Lakeland Linder Airport, FL;America/New_York;33811;27988900;-82018600
  KBWI;Baltimore/Washington Airport;America/New_York;21240;39175400;-76668400
  PANC;Anchorage Airport;America/Anchorage;99502;61174300;-149998300
  PHNL;Honolulu Airport;Pacific/Honolulu;96819;21318700;-157922500
  """

/// Stations that deliver, each in the middle of the city it serves.
let stationTable: StaticString = """
  DSEA;Seattle, WA;America/Los_Angeles;98109;47633900;-122347600
  DGEG;Spokane, WA;America/Los_Angeles;99201;47666500;-117436500
  DPDX;Portland, OR;America/Los_Angeles;97209;45527000;-122685400
  DBOI;Boise, ID;America/Boise;83702;43632200;-116205200
  DBIL;Billings, MT;America/Denver;59101;45774500;-108500500
  DMSO;Missoula, MT;America/Denver;59801;46856300;-114025200
  DSLC;Salt Lake City, UT;America/Denver;84101;40755900;-111896700
  DDEN;Denver, CO;America/Denver;80202;39749100;-104994600
  DGJT;Grand Junction, CO;America/Denver;81501;39078300;-108545700
  DABQ;Albuquerque, NM;America/Denver;87102;35081800;-106648200
  DPHX;Phoenix, AZ;America/Phoenix;85004;33455700;-112068600
  DTUS;Tucson, AZ;America/Phoenix;85701;32213900;-110969400
  DLAS;Las Vegas, NV;America/Los_Angeles;89101;36172100;-115122400
  DRNO;Reno, NV;America/Los_Angeles;89501;39526800;-119811300
  DSMF;Sacramento, CA;America/Los_Angeles;95814;38580400;-121492200
  DSFO;San Francisco, CA;America/Los_Angeles;94105;37786400;-122389200
  DFAT;Fresno, CA;America/Los_Angeles;93721;36737700;-119784300
  DLAX;Los Angeles, CA;America/Los_Angeles;90012;34061400;-118238500
  DSAN;San Diego, CA;America/Los_Angeles;92101;32718500;-117159300
  DRIV;Riverside, CA;America/Los_Angeles;92501;33992400;-117369400
  DELP;El Paso, TX;America/Denver;79901;31758400;-106478300
  DDAL;Dallas, TX;America/Chicago;75201;32790400;-96804400
  DHOU;Houston, TX;America/Chicago;77002;29759400;-95359400
  DSAT;San Antonio, TX;America/Chicago;78205;29423700;-98492500
  DAUS;Austin, TX;America/Chicago;78701;30271300;-97742600
  DLBB;Lubbock, TX;America/Chicago;79401;33586500;-101860600
  DOKC;Oklahoma City, OK;America/Chicago;73102;35472600;-97519900
  DTUL;Tulsa, OK;America/Chicago;74103;36153900;-95995400
  DICT;Wichita, KS;America/Chicago;67202;37689900;-97335500
  DMCI;Kansas City, MO;America/Chicago;64106;39105200;-94569900
  DSGF;Springfield, MO;America/Chicago;65802;37211700;-93299000
  DSTL;St. Louis, MO;America/Chicago;63101;38634600;-90191300
  DOMA;Omaha, NE;America/Chicago;68102;41259000;-95940900
  DDSM;Des Moines, IA;America/Chicago;50309;41588700;-93621200
  DFSD;Sioux Falls, SD;America/Chicago;57104;43551400;-96737500
  DFAR;Fargo, ND;America/Chicago;58102;46920900;-96831800
  DMSP;Minneapolis, MN;America/Chicago;55401;44983500;-93268300
  DGRB;Green Bay, WI;America/Chicago;54302;44502500;-87977100
  DMKE;Milwaukee, WI;America/Chicago;53202;43050600;-87896800
  DCHI;Chicago, IL;America/Chicago;60601;41885800;-87618100
  DIND;Indianapolis, IN;America/Indiana/Indianapolis;46204;39772000;-86153500
  DSDF;Louisville, KY;America/Kentucky/Louisville;40202;38250700;-85747600
  DCVG;Cincinnati, OH;America/New_York;45202;39107200;-84502000
  DCMH;Columbus, OH;America/New_York;43215;39967100;-83004400
  DCLE;Cleveland, OH;America/New_York;44113;41481600;-81701800
  DDTW;Detroit, MI;America/Detroit;48226;42333300;-83048400
  DGRR;Grand Rapids, MI;America/Detroit;49503;42965900;-85652700
  DPIT;Pittsburgh, PA;America/New_York;15222;40447700;-79993300
  DBUF;Buffalo, NY;America/New_York;14202;42887000;-78877900
  DSYR;Syracuse, NY;America/New_York;13202;43041000;-76148900
  DALB;Albany, NY;America/New_York;12207;42652600;-73756200
  DNYC;New York, NY;America/New_York;10001;40748400;-73996700
  DLIC;Long Island City, NY;America/New_York;11101;40744600;-73934500
  DEWR;Newark, NJ;America/New_York;07102;40732000;-74176500
  DPHL;Philadelphia, PA;America/New_York;19103;39951300;-75174100
  DMDT;Harrisburg, PA;America/New_York;17101;40261800;-76883100
  DBWI;Baltimore, MD;America/New_York;21202;39299800;-76607500
  DDCA;Washington, DC;America/New_York;20001;38912200;-77017700
  DRIC;Richmond, VA;America/New_York;23219;37546300;-77437800
  DORF;Norfolk, VA;America/New_York;23510;36852900;-76287800
  DROA;Roanoke, VA;America/New_York;24011;37269000;-79942000
  DCRW;Charleston, WV;America/New_York;25301;38349000;-81630600
  DCLT;Charlotte, NC;America/New_York;28202;35229000;-80841900
  DRDU;Raleigh, NC;America/New_York;27601;35772700;-78632400
  DCHS;Charleston, SC;America/New_York;29401;32779500;-79937100
  DATL;Atlanta, GA;America/New_York;30303;33752500;-84388800
  DBHM;Birmingham, AL;America/Chicago;35203;33521000;-86806600
  DMOB;Mobile, AL;America/Chicago;36602;30688800;-88045300
  DBNA;Nashville, TN;America/Chicago;37203;36150400;-86791600
  DTYS;Knoxville, TN;America/New_York;37902;35962500;-83920900
  DMEM;Memphis, TN;America/Chicago;38103;35144000;-90048000
  DJAN;Jackson, MS;America/Chicago;39201;32293500;-90186700
  DMSY;New Orleans, LA;America/Chicago;70112;29960500;-90075300
  DLIT;Little Rock, AR;America/Chicago;72201;34748300;-92281900
  DJAX;Jacksonville, FL;America/New_York;32202;30329900;-81651700
  DMCO;Orlando, FL;America/New_York;32801;28539900;-81372700
  DTPA;Tampa, FL;America/New_York;33602;27961400;-82459700
  DMIA;Miami, FL;America/New_York;33130;25767200;-80205900
  DBOS;Boston, MA;America/New_York;02108;42357600;-71068400
  DPWM;Portland, ME;America/New_York;04101;43660600;-70258900
  DBTV;Burlington, VT;America/New_York;05401;44484000;-73219900
  DBDL;Hartford, CT;America/New_York;06103;41767200;-72676000
  DHNL;Honolulu, HI;Pacific/Honolulu;96813;21317900;-157852100
  DOGG;Kahului, HI;Pacific/Honolulu;96732;20881400;-156478300
  DANC;Anchorage, AK;America/Anchorage;99501;61222500;-149867700
  DFAI;Fairbanks, AK;America/Anchorage;99701;64837800;-147716400
  DJNU;Juneau, AK;America/Juneau;99801;58362800;-134529400
  DKTN;Ketchikan, AK;America/Sitka;99901;55372000;-131683200
  """
